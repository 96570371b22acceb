import { type KnownHost, listHosts } from '../../world/agents/fleet-hosts.js';
import { ALL_HOSTS } from '../../world/agents/host-selection.js';
import type { Agent } from '../../world/agents/registered-agents.js';
import type { ClientWorld } from '../../world/client-world.js';
import { selectHosts } from '../fleet/file/select-hosts.js';

/** The hosts that a deploy is for, sorted. */
export interface Targets {
  /** Those whose agent is running. */
  readonly live: readonly string[];
  /** Those of the fleet whose agent is not running. */
  readonly away: readonly string[];
}

/** The agents that run, and the hosts that belong to the fleet. */
export interface FleetHosts {
  readonly agents: ReadonlyMap<string, Agent>;
  readonly known: ReadonlyMap<string, KnownHost>;
}

/**
 * Finds the hosts of the fleet that a selection means, as it stands now.
 *
 * @param selection names, globs and labels; default all, of which there may be none
 * @throws CliError `usage` as {@link selectHosts}
 */
export async function readTargetHosts(
  world: ClientWorld,
  selection: string | undefined,
  signal: AbortSignal,
): Promise<Targets> {
  return findTargets(await readFleetHosts(world, signal), selection);
}

/** Reads what {@link findTargets} chooses from. */
export async function readFleetHosts(world: ClientWorld, signal: AbortSignal): Promise<FleetHosts> {
  const [agents, known] = await Promise.all([
    world.getAgents({ signal }),
    listHosts(world.client, undefined, { signal }),
  ]);
  return { agents, known };
}

/** As {@link readTargetHosts}. */
export function findTargets({ agents, known }: FleetHosts, selection: string | undefined): Targets {
  const hosts = [...new Set([...agents.keys(), ...known.keys()])].sort().map((name) => ({
    name,
    labels: agents.get(name)?.labels ?? known.get(name)?.labels ?? {},
  }));
  const isAll = selection === undefined || selection === ALL_HOSTS;
  const selected = (isAll ? hosts : selectHosts({ hosts }, selection)).map(({ name }) => name);
  return {
    live: selected.filter((hostname) => agents.has(hostname)),
    away: selected.filter((hostname) => !agents.has(hostname)),
  };
}
