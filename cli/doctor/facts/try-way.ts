import { timeLimit } from '../../../base/abort.js';
import { TunnelError } from '../../../tunnel/errors.js';
import type { ForwardTarget } from '../../../tunnel/forward/forward-target.js';
import type { Tunnel } from '../../../tunnel/tunnel.js';
import { parseEndpoint } from '../../../world/client/calls/parse-endpoint.js';
import type { Subject } from '../subject.js';
import type { WayFact } from './way-fact.js';

interface Call {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Tries each seed in turn, until SSH leads to one. */
export async function tryWay(tunnel: Tunnel, { seeds, place }: Subject, call: Call): Promise<WayFact> {
  let last: WayFact = { seed: undefined };
  for (const seed of seeds) {
    const error = await connects(tunnel, targetOf(seed), { ...call, place });
    if (error === undefined) return { seed };
    last = { seed, error };
  }
  if (last.error?.refusal !== 'forbidden') return last;
  // Port 1: nobody listens there, so that an SSH server that forwards says so.
  const elsewhere = await connects(tunnel, { host: '127.0.0.1', port: 1 }, { ...call, place });
  return { ...last, forwardsElsewhere: elsewhere?.refusal !== 'forbidden' };
}

async function connects(
  tunnel: Tunnel,
  target: ForwardTarget,
  { timeoutMs, signal, place }: Call & { readonly place: string },
): Promise<TunnelError | undefined> {
  const limit = AbortSignal.any([signal, timeLimit(timeoutMs)]);
  try {
    await tunnel.tryConnect(target, { signal: limit });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TunnelError) return error;
    if (!limit.aborted) throw error;
    const message = `${place} did not say within ${timeoutMs / 1_000} s whether it connects.`;
    return new TunnelError('forward-refused', place, message);
  }
}

function targetOf(seed: string): ForwardTarget {
  const endpoint = parseEndpoint(seed);
  return endpoint.scheme === 'unix'
    ? { socketPath: endpoint.path }
    : { host: endpoint.host, port: endpoint.port };
}
