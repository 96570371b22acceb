import { listHostAliases } from '../../tunnel/ssh-config/reader/list-host-aliases.js';
import { findFleet } from '../fleet/file/find-fleet-file.js';
import { destinationOf, type FleetHost } from '../fleet/file/fleet.js';
import { fleetNames } from '../fleet/file/fleet-paths.js';
import type { NameKind } from './complete-words.js';
import { isSafeWord, recallNames, type SeenNames } from './names-cache.js';

/**
 * The names of a kind, from fleet files, ssh_config and what earlier commands have seen: never from a host.
 * @param typed the word that is being typed; of a list with commas, its last item counts
 */
export async function findNames(
  kind: NameKind,
  fleet: string | undefined,
  typed: string,
): Promise<readonly string[]> {
  if (kind === 'fleets') return fleetNames();
  if (kind === 'apps') return (await seen(fleet)).apps;
  if (kind === 'destinations') return destinations(fleet);
  if (kind === 'labs' || kind === 'lab-hosts') {
    const { namesInLabs } = await import('../lab/labs.js');
    return orNone(namesInLabs(kind));
  }
  if (kind !== 'hosts') return [];
  const before = typed.slice(0, typed.lastIndexOf(',') + 1);
  return (await hostNames(fleet)).map((name) => `${before}${name}`);
}

async function hostNames(fleet: string | undefined): Promise<string[]> {
  const hosts = await fleetHosts(fleet);
  const labels = hosts.flatMap((host) =>
    Object.entries(host.labels).map(([key, value]) => `${key}=${value}`),
  );
  const known = await seen(fleet);
  const safe = [...hosts.map(({ name }) => name), ...known.hosts].filter(isSafeWord);
  return [...new Set([...safe, 'all', ...labels.filter((label) => /^[\w.-]+=[\w.-]+$/.test(label))])];
}

async function destinations(fleet: string | undefined): Promise<string[]> {
  const hosts = (await fleetHosts(fleet)).map(destinationOf);
  const aliases = await orNone(listHostAliases());
  return [...new Set([...aliases, ...hosts])].filter(isSafeWord);
}

async function fleetHosts(fleet: string | undefined): Promise<readonly FleetHost[]> {
  const found = await orNone(findFleet(fleet === undefined ? {} : { fleet }).then((one) => one?.hosts ?? []));
  return found;
}

async function seen(fleet: string | undefined): Promise<Required<SeenNames>> {
  try {
    const meant = fleet ?? (await findFleet({}))?.name;
    return await recallNames(meant);
  } catch {
    return recallNames(undefined).catch(() => ({ apps: [], hosts: [] }));
  }
}

/** Whatever is wrong with a file, TAB is no place to say so. */
async function orNone<T>(found: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await found;
  } catch {
    return [];
  }
}
