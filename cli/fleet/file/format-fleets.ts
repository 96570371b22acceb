import { fingerprintOf } from '../../../base/key-formats/parse-public-key.js';
import { parseHostKeyPins } from '../../../tunnel/host-key/host-key-pin.js';
import { CliError } from '../../errors.js';
import type { Lines } from '../../output/escaped-lines.js';
import { counted } from '../../output/format-quantities.js';
import { formatTable, lines } from '../../output/print.js';
import { chosenFleet } from './chosen-fleet.js';
import { destinationOf, type Fleet, type FleetHost } from './fleet.js';
import { fleetFile, fleetNames } from './fleet-paths.js';
import { readFleet } from './read-fleet.js';

/** A fleet that a person knows. */
export interface KnownFleet {
  readonly name: string;
  readonly file: string;
  /** Whether `hawser fleet use` chose it. */
  readonly chosen: boolean;
  readonly hosts: readonly string[];
  readonly id: string | null;
  /** What is wrong with its file. */
  readonly problem: string | null;
}

/** Reads every fleet that a person knows; a file with mistakes is listed with them. @throws CliError `not-yours` */
export async function listFleets(): Promise<KnownFleet[]> {
  const [names, chosen] = await Promise.all([fleetNames(), chosenFleet()]);
  return Promise.all(names.map((name) => describe(name, name === chosen)));
}

async function describe(name: string, chosen: boolean): Promise<KnownFleet> {
  const file = fleetFile(name);
  try {
    const { hosts, id = null } = await readFleet(file);
    return { name, file, chosen, hosts: hosts.map((host) => host.name), id, problem: null };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { name, file, chosen, hosts: [], id: null, problem: error.message };
  }
}

/** For a person. */
export function formatFleets(fleets: readonly KnownFleet[]): string | Lines {
  if (fleets.length === 0)
    return 'You know no fleet: make one with "hawser init" or "hawser up DESTINATION".';
  const rows = fleets.map(({ name, chosen, hosts, problem, file }) => [
    chosen ? `${name} (chosen)` : name,
    problem === null ? String(hosts.length) : '-',
    problem ?? file,
  ]);
  return formatTable(['NAME', 'HOSTS', 'FILE'], rows);
}

/** A fleet for a person. @param hasKey whether the key of its authority is on this machine */
export function formatFleet(fleet: Fleet, hasKey: boolean): Lines {
  const { name, file, id, namespace, clusterSize, hosts, authority } = fleet;
  const facts: [string, string | undefined][] = [
    ['Fleet', name],
    ['File', file],
    ['ID', id ?? 'none yet: "hawser up" makes it'],
    ['Namespace', namespace],
    ['Cluster size', clusterSize === undefined ? undefined : counted(clusterSize, 'etcd server')],
    [
      'Authority',
      authority === undefined
        ? undefined
        : `its key is ${hasKey ? 'on this machine' : 'not on this machine'}`,
    ],
  ];
  const told = facts.flatMap(([label, value]) => (value === undefined ? [] : [`${label}: ${value}`]));
  if (hosts.length === 0) return lines([...told, 'It names no hosts, only how the fleet is reached.']);
  const rows = hosts.map((host) => [
    host.name,
    destinationOf(host),
    host.address ?? '',
    formatLabels(host.labels),
    host.hostKeys.length === 0 ? 'none yet' : host.hostKeys.map(fingerprint).join(' '),
  ]);
  return lines([...told, '', formatTable(['NAME', 'DESTINATION', 'ADDRESS', 'LABELS', 'HOST KEYS'], rows)]);
}

/** `role=web,zone=a` */
function formatLabels(labels: FleetHost['labels']): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

function fingerprint(hostKey: string): string {
  const [pin] = parseHostKeyPins(hostKey, { user: '', host: '', port: 22 });
  return pin?.kind === 'key' ? fingerprintOf(pin.key) : (pin?.fingerprint ?? '');
}
