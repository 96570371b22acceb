import { onAbort } from '../../base/abort.js';
import { TunnelError } from '../errors.js';
import { formatSeconds } from '../format-for-message.js';
import type { ForwardTarget, Link } from '../transport/transport.js';

/** How long to wait for targets that do not answer. */
const PROBE_TIMEOUT_MS = 3_000;

/**
 * Finds out whether a link leads to any of several targets.
 * @returns undefined when one accepts a connection, else why none does
 */
export async function probeTargets(
  link: Link,
  targets: readonly ForwardTarget[],
  { host, signal }: { readonly host: string; readonly signal: AbortSignal },
): Promise<TunnelError | undefined> {
  const probe = new AbortController();
  const unlisten = onAbort([signal], () => probe.abort(signal.reason));
  const timer = setTimeout(() => probe.abort(silent(host)), PROBE_TIMEOUT_MS);
  try {
    const answers = targets.map(async (target) => {
      const channel = await link.openChannel(target, { signal: probe.signal });
      channel.on('error', ignoreLateError);
      channel.resume();
      channel.destroy();
    });
    await Promise.any(answers);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const reasons: unknown[] = error instanceof AggregateError ? error.errors : [error];
    const reason = reasons.find((one) => one instanceof TunnelError);
    if (reason === undefined) throw error;
    return reason;
  } finally {
    clearTimeout(timer);
    unlisten();
    probe.abort();
  }
}

function silent(host: string): TunnelError {
  return new TunnelError(
    'forward-refused',
    host,
    `None of the requested addresses accepted a connection from ${host} within ${formatSeconds(PROBE_TIMEOUT_MS)}. Check that something is listening there.`,
  );
}

/** A channel that was closed here may still fail, which concerns nobody. */
function ignoreLateError(): void {}
