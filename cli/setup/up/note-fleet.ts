import type { Fleet, FleetHost } from '../../fleet/file/fleet.js';
import { createFleet, writeFleet } from '../../fleet/file/write-fleet.js';
import type { Authority } from '../certificates/issue-certificate.js';
import { loadAuthority, makeAuthority } from '../certificates/keep-authority.js';
import type { ChosenFleet } from './choose-fleet.js';
import type { FleetPlan } from './look-and-plan.js';
import type { Sight } from './look-at-hosts.js';

/** What the fleet file is made of. */
export interface FleetToNote {
  readonly chosen: ChosenFleet;
  readonly plan: FleetPlan;
  readonly sight: Sight;
}

/** What is in the file now. */
export interface NotedFleet {
  readonly fleet: Fleet & { readonly id: string };
  /** Undefined where its key is on another machine. */
  readonly authority: Authority | undefined;
}

/**
 * Writes the fleet file before anything is changed on a host, so that whatever happens then, another `up` knows whose the hosts
 * are, and `down` where they are.
 */
export async function noteFleet({ chosen, plan, sight }: FleetToNote): Promise<NotedFleet> {
  const { fleet: before, isNew } = chosen;
  const authority =
    before.authority === undefined ? await makeAuthority(before.name) : await loadAuthority(before);
  const fleet = {
    ...before,
    hosts: mergedHosts(before.hosts, plan, sight),
    knownHosts: [...new Set([...before.knownHosts, ...sight.seen.flatMap(({ jumpKeys }) => jumpKeys)])],
    ...(authority === undefined ? {} : { authority: authority.cert }),
  };
  await (isNew ? createFleet(fleet) : writeFleet(fleet));
  return { fleet, authority };
}

/** Hosts that cannot take part stay as they were: those of the fleet in it, and new ones outside. */
function mergedHosts(before: readonly FleetHost[], { hosts }: FleetPlan, { seen }: Sight): FleetHost[] {
  const planned = hosts.map(({ host }): FleetHost => {
    const hostKeys = seen.find((one) => one.host.name === host.name)?.hostKeys ?? host.hostKeys;
    return { ...host, hostKeys };
  });
  const kept = before.map((host) => planned.find(({ name }) => name === host.name) ?? host);
  return [...kept, ...planned.filter(({ name }) => before.every((host) => host.name !== name))];
}
