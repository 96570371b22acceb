import path from 'node:path';
import { DEFAULT_PREFIX } from '../../agent/constants.js';
import { CliError } from '../errors.js';
import type { ConnectionFlags } from '../fleet/connection-flags.js';
import { destinationOf } from '../fleet/file/fleet.js';
import { selectHosts } from '../fleet/file/select-hosts.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { resolveTarget } from '../fleet/resolve-target.js';
import { tunnelOptions } from '../fleet/tunnel-options.js';
import { logTo } from '../output/print.js';
import type { HostToReach } from './reached-hosts.js';

export interface HostFlags extends ConnectionFlags {
  readonly prefix: string;
}

/**
 * The hosts to ask one by one: each `--ssh-url`, else those of the fleet file, else the `hosts` of the config, else its SSH
 * destinations.
 *
 * @param selection of hosts of the fleet file; default all
 * @throws CliError `usage` when nobody names one, or the prefix is not absolute
 */
export async function hostsToReach(
  flags: HostFlags,
  signal: AbortSignal,
  selection?: string,
): Promise<{ target: FleetTarget; hosts: readonly HostToReach[] }> {
  if (!path.posix.isAbsolute(flags.prefix)) {
    throw new CliError(
      'usage',
      `The prefix ${flags.prefix} is not absolute: give the agents' data directory, such as ${DEFAULT_PREFIX}.`,
    );
  }
  const target = await resolveTarget(flags, { usesHosts: true, signal });
  const { names, ...reached } =
    selection === undefined ? everyHost(flags, target) : selectedHosts(target, selection);
  if (names.length === 0) {
    throw new CliError('usage', 'Name the hosts: pass an --ssh-url for each, or `ssh-hosts` in hawser.yaml.');
  }
  const { destinations, ...shared } = await tunnelOptions({ ...target, ...reached }, logTo(flags), signal);
  const hosts = destinations.flatMap((destination, index): HostToReach[] => {
    const host = names[index];
    return host === undefined ? [] : [{ host, tunnel: { ...shared, destinations: [destination] } }];
  });
  return { target, hosts };
}

/** What to call the hosts, beside where they are. */
interface NamedHosts extends Pick<FleetTarget, 'sshUrls' | 'fleetHosts'> {
  readonly names: readonly string[];
}

function everyHost(flags: HostFlags, target: FleetTarget): NamedHosts {
  const { fleetHosts, sshUrls } = target;
  if (fleetHosts !== undefined) return { names: fleetHosts.map(({ name }) => name), fleetHosts, sshUrls };
  const named = flags.sshUrl === undefined ? target.hosts : undefined;
  const urls = [...new Set(named ?? sshUrls)];
  return { names: urls, sshUrls: urls, fleetHosts: undefined };
}

function selectedHosts({ fleetHosts }: FleetTarget, selection: string): NamedHosts {
  if (fleetHosts === undefined) {
    const message = `Cannot look up ${selection}: hosts can be named only with a fleet file that has them. Pass an --ssh-url for each host instead.`;
    throw new CliError('usage', message);
  }
  const selected = selectHosts({ hosts: fleetHosts }, selection);
  return {
    names: selected.map(({ name }) => name),
    fleetHosts: selected,
    sshUrls: selected.map(destinationOf),
  };
}
