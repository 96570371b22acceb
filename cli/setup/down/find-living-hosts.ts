import { pause } from '../../../base/abort.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { SESSION_TTL_SECONDS } from '../../../world/constants.js';

const POLL_MS = 500;

/** How long a host that died a moment ago may count as alive: its session, and time to notice that. */
const MOST_WAIT_MS = (SESSION_TTL_SECONDS + 2) * 1_000;

/** What there is to tell hosts by. */
export interface Liveness {
  /** Hosts whose agent does not run, as was seen there. */
  readonly stopped: readonly string[];
  /** Hosts that could not be looked at, or are said to be gone. */
  readonly doubtful: readonly string[];
}

/**
 * The hosts whose agent is alive. One that died a moment ago counts as alive for some seconds, so a host about which there is
 * doubt is only taken for alive when that time is over.
 */
export async function findLivingHosts(
  world: Pick<ClientWorld, 'getAgents'>,
  { stopped, doubtful }: Liveness,
  { signal, waitMs = MOST_WAIT_MS }: { readonly signal: AbortSignal; readonly waitMs?: number },
): Promise<ReadonlySet<string>> {
  const until = performance.now() + waitMs;
  for (;;) {
    const agents = await world.getAgents({ signal });
    const isOpen = doubtful.some((host) => agents.has(host)) && performance.now() < until;
    if (!isOpen) return new Set([...agents.keys()].filter((host) => !stopped.includes(host)));
    await pause(POLL_MS, signal);
    signal.throwIfAborted();
  }
}
