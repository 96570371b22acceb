import { listHosts } from '../../world/agents/fleet-hosts.js';
import type { ClientWorld } from '../../world/client-world.js';

/** The hosts of the fleet, sorted. */
export interface Targets {
  /** Those whose agent is running. */
  readonly live: readonly string[];
  /** Those of the fleet whose agent is not running. */
  readonly away: readonly string[];
}

export async function readTargetHosts(world: ClientWorld, signal: AbortSignal): Promise<Targets> {
  const [agents, known] = await Promise.all([
    world.getAgents({ signal }),
    listHosts(world.client, undefined, { signal }),
  ]);
  return {
    live: [...agents.keys()].sort(),
    away: [...known.keys()].filter((hostname) => !agents.has(hostname)).sort(),
  };
}
