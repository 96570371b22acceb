import type { Fleet, FleetHost } from '../../fleet/file/fleet.js';
import { createFleet, writeFleet } from '../../fleet/file/write-fleet.js';
import { splitAuthorities } from '../certificates/authorities.js';
import {
  type AuthorityChoice,
  adoptNextKey,
  keepNextKey,
  makeAuthority,
} from '../certificates/authority-store.js';
import type { Authority } from '../certificates/issue-certificate.js';
import type { ChosenFleet } from './choose-fleet.js';
import type { Sight } from './look-at-hosts.js';
import type { FleetPlan } from './plan-fleet.js';

/** What the fleet file is made of. */
export interface FleetToNote {
  readonly chosen: ChosenFleet;
  readonly plan: FleetPlan;
  readonly sight: Sight;
  readonly choice: AuthorityChoice;
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
export async function noteFleet({ chosen, plan, sight, choice }: FleetToNote): Promise<NotedFleet> {
  const { fleet: before, isNew } = chosen;
  const { name } = before;
  const isFirst = before.authority === undefined;
  const authority = isFirst ? await makeAuthority(name) : choice.authority;
  const trusted = isFirst ? authority?.cert : choice.trusted;
  const fleet = {
    ...before,
    hosts: mergedHosts(before.hosts, plan, sight),
    knownHosts: [...new Set([...before.knownHosts, ...sight.seen.flatMap(({ jumpKeys }) => jumpKeys)])],
    ...(trusted === undefined ? {} : { authority: trusted }),
  };
  // The key is there before the file names its authority, and takes the place of the old one after that.
  if (choice.isNew && authority !== undefined) await keepNextKey(name, authority);
  await (isNew ? createFleet(fleet) : writeFleet(fleet));
  if (authority !== undefined) await adoptNextKey(name, authority);
  return { fleet, authority };
}

/** Notes that the fleet trusts only its newest authority. */
export async function forgetOldAuthorities(fleet: Fleet): Promise<void> {
  const [newest] = splitAuthorities(fleet.authority);
  if (newest !== undefined) await writeFleet({ ...fleet, authority: newest });
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
