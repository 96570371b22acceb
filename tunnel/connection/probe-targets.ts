import { onAbort } from '../../base/abort.js';
import { TunnelError } from '../errors.js';
import { formatSeconds } from '../format-for-message.js';
import type { ForwardTarget } from '../forward/forward-target.js';
import { openTarget } from '../forward/open-target.js';
import { PausableTimeout } from '../pausable-timeout.js';
import type { Link } from '../transport/transport.js';

/** How long to wait for targets that do not answer. */
const PROBE_TIMEOUT_MS = 3_000;

interface ProbeOptions {
  /** For errors. */
  readonly host: string;
  /** As `OpenOptions.mayAnswer`. */
  readonly mayAnswer: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Finds out whether a link leads to any of several targets.
 * @returns undefined when one accepts a connection, else why none does
 */
export async function probeTargets(
  link: Link,
  targets: readonly ForwardTarget[],
  { host, mayAnswer, signal }: ProbeOptions,
): Promise<TunnelError | undefined> {
  const probe = new AbortController();
  const unlisten = onAbort([signal], () => probe.abort(signal.reason));
  using timeLimit = new PausableTimeout(PROBE_TIMEOUT_MS, () => probe.abort(silent(host)));
  try {
    const answers = targets.map(async (target) => {
      const channel = await openTarget(link, target, { host, mayAnswer, timeLimit, signal: probe.signal });
      channel.on('error', ignoreLateError);
      channel.resume();
      channel.destroy();
    });
    await Promise.any(answers);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const reasons: unknown[] = error instanceof AggregateError ? error.errors : [error];
    const ours = reasons.filter((one) => one instanceof TunnelError);
    const reason = ours.find(({ code }) => code === 'auth-failed') ?? ours[0];
    if (reason === undefined) throw error;
    return reason;
  } finally {
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
