import { isIP } from 'node:net';
import { TunnelError } from '../../../tunnel/errors.js';
import { parseNamedDestination } from '../../../tunnel/parse-destination.js';
import { CliError } from '../../errors.js';
import { destinationOf, type FleetHost } from '../../fleet/file/fleet.js';

/** What a command line adds to the hosts of a fleet. */
export interface WantedHosts {
  /** SSH destinations, each perhaps with its name in the fleet in front: `db=root@10.0.0.9`. */
  readonly destinations: readonly string[];
  /** For the hosts of the destinations. */
  readonly labels: Readonly<Record<string, string>>;
  /** What other hosts dial, by the host's name. */
  readonly addresses: ReadonlyMap<string, string>;
}

/** A host of the fleet, or one that is to become one. */
export interface WantedHost extends FleetHost {
  /** Whether `name` is only the address in the destination: the host's own name is better. */
  readonly isNameless: boolean;
}

/**
 * The hosts of the fleet with those of the command line. A destination that the fleet has already is that host; its labels
 * are added to.
 *
 * @throws CliError `usage` for a destination or a name that is not valid, and for two hosts of one name
 */
export function mergeDestinations(hosts: readonly FleetHost[], wanted: WantedHosts): WantedHost[] {
  const merged: WantedHost[] = hosts.map((host) => ({ ...host, isNameless: false }));
  for (const text of wanted.destinations) {
    const { ssh, isNameless, ...given } = readWanted(text);
    const at = merged.findIndex((host) => host.ssh === ssh || destinationOf(host) === ssh);
    const found = merged[at];
    if (found !== undefined) {
      merged[at] = { ...found, labels: { ...found.labels, ...wanted.labels } };
      continue;
    }
    // Ports of one address, as of hosts behind a router: each host is called after itself as soon as it was asked.
    const isShared = isNameless && merged.some((host) => host.isNameless && host.name === given.name);
    const name = isShared ? `${given.name}-${given.port}` : given.name;
    const other = merged.find((host) => host.name === name);
    if (other !== undefined) throw isTaken(name, ssh, other);
    merged.push({ name, ssh, hostKeys: [], labels: wanted.labels, isNameless });
  }
  requireNamed(wanted.addresses, merged);
  return merged.map((host) => ({ ...host, ...addressOf(host, wanted.addresses) }));
}

function addressOf({ name }: WantedHost, addresses: ReadonlyMap<string, string>): { address?: string } {
  const address = addresses.get(name);
  return address === undefined ? {} : { address };
}

function requireNamed(addresses: ReadonlyMap<string, string>, hosts: readonly WantedHost[]): void {
  const names = hosts.map(({ name }) => name);
  const unknown = [...addresses.keys()].find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new CliError(
    'usage',
    `--address ${unknown}=…: there is no host ${unknown}, only ${names.join(', ')}.`,
  );
}

function readWanted(
  text: string,
): Pick<WantedHost, 'name' | 'ssh' | 'isNameless'> & { readonly port: number } {
  const [, given, ssh = text] = /^([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)$/s.exec(text) ?? [];
  const { host, port = 22 } = parsed(ssh);
  if (given !== undefined) return { name: given, ssh, port, isNameless: false };
  if (isIP(host) !== 0) return { name: host.replaceAll(':', '-'), ssh, port, isNameless: true };
  return { name: host.split('.', 1)[0]?.toLowerCase() ?? host, ssh, port, isNameless: false };
}

function parsed(ssh: string): { readonly host: string; readonly port?: number | undefined } {
  try {
    return parseNamedDestination(ssh);
  } catch (error) {
    if (!(error instanceof TunnelError)) throw error;
    throw new CliError('usage', error.message, { cause: error });
  }
}

function isTaken(name: string, ssh: string, other: FleetHost): CliError {
  const message = `${ssh} and ${other.ssh} would both be called ${name}: name one of them differently, such as ${name}b=${ssh}.`;
  return new CliError('usage', message);
}
