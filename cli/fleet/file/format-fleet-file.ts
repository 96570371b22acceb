import { changeYaml, type YamlChange } from '../yaml-document.js';
import type { Fleet, FleetHost } from './fleet.js';

/** In the order in which a new file has them. */
const HOST_KEYS = [
  'ssh',
  'user',
  'jump',
  'host-key',
  'address',
  'sudo',
  'bridge',
  'age-recipient',
  'labels',
] as const;

/**
 * The text of a fleet file with what a fleet is now. Everything else in it stays: comments, and the connection keys.
 * @param before what the file holds; empty for a new one
 * @param known the fleet that `before` describes, for the hosts that have left
 */
export function formatFleetFile(fleet: Fleet, before = '', known?: Pick<Fleet, 'hosts'>): string {
  const gone = (known?.hosts ?? []).filter(({ name }) => !fleet.hosts.some((host) => host.name === name));
  return changeYaml(before, [
    { path: ['name'], value: fleet.name },
    { path: ['fleet-id'], value: fleet.id },
    { path: ['namespace'], value: fleet.namespace },
    { path: ['cluster-size'], value: fleet.clusterSize },
    ...gone.map(({ name }) => ({ path: ['hosts', name], value: undefined })),
    ...fleet.hosts.flatMap(changesOf),
    { path: ['known-hosts'], value: fleet.knownHosts.length === 0 ? undefined : [...fleet.knownHosts] },
    { path: ['authority'], value: fleet.authority },
  ]);
}

function changesOf(host: FleetHost): YamlChange[] {
  const { name, hostKeys, labels, ageRecipient, ...rest } = host;
  const [key, ...otherKeys] = hostKeys;
  const values = {
    ...rest,
    'age-recipient': ageRecipient,
    'host-key': otherKeys.length === 0 ? key : [...hostKeys],
    labels: Object.keys(labels).length === 0 ? undefined : { ...labels },
  };
  return HOST_KEYS.map((one) => ({ path: ['hosts', name, one], value: values[one] }));
}
