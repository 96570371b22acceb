import { TunnelError } from '../../../tunnel/errors.js';
import { readDestination } from '../../../tunnel/parse-destination.js';
import { CliError } from '../../errors.js';
import { destinationOf, type FleetHost } from '../../fleet/file/fleet.js';
import { isHostName, isLabel } from '../../fleet/file/fleet-file-schema.js';
import { selectHosts } from '../../fleet/file/select-hosts.js';

/**
 * Makes hosts of what a person wrote: `NAME=DESTINATION`, or a destination alone, which is called by the first part of its
 * host name. A `?hostkey=…` becomes the host's key.
 *
 * @throws CliError `usage` for what is no destination or no name, and for two hosts of one name or one destination
 */
export function describeHosts(texts: readonly string[]): FleetHost[] {
  const hosts = texts.map(describeHost);
  for (const [index, host] of hosts.entries()) {
    const before = hosts.slice(0, index);
    const twin = before.find(({ name }) => name === host.name);
    if (twin !== undefined) {
      const message = `Both ${destinationOf(twin)} and ${destinationOf(host)} would be called ${host.name}. Name them, such as "web2=${destinationOf(host)}".`;
      throw new CliError('usage', message);
    }
    const same = before.find((other) => destinationOf(other) === destinationOf(host));
    if (same !== undefined) {
      const message = `${same.name} and ${host.name} are the same destination, ${destinationOf(host)}: leave one of them out.`;
      throw new CliError('usage', message);
    }
  }
  return hosts;
}

function describeHost(text: string): FleetHost {
  const [, given, written = text] = /^([A-Za-z0-9._-]+)=(.+)$/s.exec(text) ?? [];
  const { destination, suspected } = read(written);
  // What looks like a password is never kept in a file.
  if (suspected !== undefined) throw new CliError('usage', suspected.message);
  const name = given ?? nameFor(destination.host);
  if (name === undefined || !isHostName(name)) {
    const called = given ?? destination.host;
    const message = `A host cannot be called ${called}: write NAME=DESTINATION, with a name of letters, digits, dots, dashes and underscores, other than "all".`;
    throw new CliError('usage', message);
  }
  const [ssh = ''] = written.split('?');
  return { name, ssh, hostKeys: destination.hostKey === undefined ? [] : [destination.hostKey], labels: {} };
}

/** The first part of a host name; an address as a whole, unless it has colons. */
function nameFor(host: string): string | undefined {
  if (/^[0-9.]+$/.test(host)) return host;
  return host.includes(':') ? undefined : host.split('.')[0];
}

/**
 * Gives hosts labels by what a person wrote: `HOSTS:KEY=VALUE`, where HOSTS may be a selection such as `web*`.
 * @throws CliError `usage` for something else, and for a selection that no host matches
 */
export function addLabels(hosts: readonly FleetHost[], texts: readonly string[]): FleetHost[] {
  const labelled = new Map(hosts.map((host) => [host.name, host]));
  for (const text of texts) {
    const [, selection, key, value = ''] = /^([^:]+):([^=\s]+)=(.*)$/s.exec(text) ?? [];
    if (selection === undefined || key === undefined || !isLabel(key, value)) {
      throw new CliError(
        'usage',
        `"${text}" is not a label of hosts: write HOSTS:KEY=VALUE, such as web1:role=web.`,
      );
    }
    for (const { name } of selectHosts({ hosts }, selection)) {
      const host = labelled.get(name);
      if (host !== undefined) labelled.set(name, { ...host, labels: { ...host.labels, [key]: value } });
    }
  }
  return [...labelled.values()];
}

function read(text: string): ReturnType<typeof readDestination> {
  try {
    return readDestination(text);
  } catch (error) {
    if (error instanceof TunnelError) throw new CliError('usage', error.message, { cause: error });
    throw error;
  }
}
