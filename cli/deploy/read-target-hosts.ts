import { listHosts } from '../../world/agents/fleet-hosts.js';
import { ALL_HOSTS } from '../../world/agents/host-selection.js';
import type { ClientWorld } from '../../world/client-world.js';
import { selectHosts } from '../fleet/file/select-hosts.js';

/** The hosts that a deploy is for, sorted. */
export interface Targets {
  /** Those whose agent is running. */
  readonly live: readonly string[];
  /** Those of the fleet whose agent is not running. */
  readonly away: readonly string[];
}

/** A host of a fleet. */
export interface FleetMember {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether its agent is running. */
  readonly isLive: boolean;
}

/** The hosts of the fleet as it stands now, by name. */
export async function listFleet(world: ClientWorld, signal: AbortSignal): Promise<readonly FleetMember[]> {
  const [agents, known] = await Promise.all([
    world.getAgents({ signal }),
    listHosts(world.client, undefined, { signal }),
  ]);
  return [...new Set([...agents.keys(), ...known.keys()])].sort().map((name) => ({
    name,
    labels: agents.get(name)?.labels ?? known.get(name)?.labels ?? {},
    isLive: agents.has(name),
  }));
}

/**
 * The hosts that a selection means.
 *
 * @param selection names, globs and labels; default all, of which there may be none
 * @throws CliError `usage` as {@link selectHosts}
 */
export function findTargets(hosts: readonly FleetMember[], selection: string | undefined): Targets {
  const isAll = selection === undefined || selection === ALL_HOSTS;
  const selected = isAll ? hosts : selectHosts({ hosts }, selection);
  const named = (isLive: boolean) => selected.flatMap((host) => (host.isLive === isLive ? [host.name] : []));
  return { live: named(true), away: named(false) };
}
