import { onAbort, pause } from '../../../base/abort.js';
import { inParallel } from '../../../base/in-parallel.js';
import { TunnelError } from '../../../tunnel/errors.js';
import type { Tunnel } from '../../../tunnel/tunnel.js';
import type { Way } from './choose-host-pairs.js';

/** Twice this long nothing must come. Hosts of one network answer within milliseconds; Linux sends a second packet after 1 s. */
const WAIT_MS = 1_500;
const STILL_THERE_MS = 5_000;

/** Whether something listens there or not, the host answers at once. */
const ITSELF = { host: '127.0.0.1', port: 1 } as const;

/** All of them wait while nothing answers; sshd sets no limit to them. */
const MOST_AT_ONCE = 64;

/**
 * What was found of a way. `open`: something answered, if only that nothing listens there. `no-route`: the host says that it
 * cannot get there. `silent`: nothing answered. `unknown`: the host does not say, as where its SSH server forbids to ask.
 */
export type WayState = 'open' | 'no-route' | 'silent' | 'unknown';

/** A way that was tried. */
export interface TriedWay extends Way {
  readonly state: WayState;
}

/** What tries a way: the tunnel to the host where it begins. */
export interface WayProbe {
  /** As {@link Tunnel.tryConnect}. */
  tryConnect(
    target: { readonly host: string; readonly port: number },
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}

export interface TryOptions {
  readonly probeOf: (host: string) => WayProbe;
  /** A way that is silent twice this long counts as such, in milliseconds. Default 1,500. */
  readonly waitMs?: number;
  readonly signal: AbortSignal;
}

/** Tries ways through the SSH servers of the hosts where they begin, which needs nothing of ours there. An abort rejects. */
export async function tryWays(
  ways: readonly Way[],
  { probeOf, waitMs = WAIT_MS, signal }: TryOptions,
): Promise<TriedWay[]> {
  const states = new Map<Way, WayState>();
  await inParallel(ways, MOST_AT_ONCE, async (way) => {
    states.set(way, await tryWay(way, probeOf(way.from), { waitMs, signal }));
  });
  signal.throwIfAborted();
  return ways.map((way) => ({ ...way, state: states.get(way) ?? 'unknown' }));
}

async function tryWay(
  { address: host, port }: Way,
  probe: WayProbe,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<WayState> {
  const over = new AbortController();
  const unlisten = onAbort([signal], () => over.abort(signal.reason));
  try {
    signal.throwIfAborted();
    const answered = answerOf(probe, { host, port }, over.signal);
    return await Promise.race([answered, silenceOf(probe, waitMs, over.signal)]);
  } finally {
    unlisten();
    over.abort();
  }
}

async function answerOf(
  probe: WayProbe,
  target: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<WayState> {
  try {
    await probe.tryConnect(target, { signal });
    return 'open';
  } catch (error) {
    if (!(error instanceof TunnelError)) throw error;
    if (error.refusal === 'not-listening') return 'open';
    return error.refusal === 'no-way' ? 'no-route' : 'unknown';
  }
}

/**
 * Silence says something of the way only if the host itself answers: our connection to it may have stood still. It answers in
 * order. So once it has answered, it also has what we asked before, and whatever it said before has come.
 */
async function silenceOf(probe: WayProbe, waitMs: number, signal: AbortSignal): Promise<WayState> {
  for (const _ of ['it has the question', 'it has said all that it had to say']) {
    await pause(waitMs, signal);
    signal.throwIfAborted();
    if (!(await isThere(probe, signal))) return 'unknown';
  }
  return 'silent';
}

function isThere(probe: WayProbe, signal: AbortSignal): Promise<boolean> {
  const answers = probe.tryConnect(ITSELF, { signal }).then(
    () => true,
    (error: unknown) => error instanceof TunnelError && error.code === 'forward-refused',
  );
  return Promise.race([answers, pause(STILL_THERE_MS, signal).then(() => false)]);
}
