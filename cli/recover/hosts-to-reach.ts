import path from 'node:path';
import { DEFAULT_PREFIX } from '../../agent/constants.js';
import { CliError } from '../errors.js';
import type { ConnectionFlags } from '../fleet/connection-flags.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { resolveTarget } from '../fleet/resolve-target.js';
import { tunnelOptions } from '../fleet/tunnel-options.js';
import { logTo } from '../output/print.js';
import type { HostToReach } from './reached-hosts.js';

export interface HostFlags extends ConnectionFlags {
  readonly prefix: string;
}

/**
 * The hosts to ask one by one: each `--ssh-url`, else the `hosts` of the config, else its SSH destinations.
 *
 * @throws CliError `usage` when nobody names one, or the prefix is not absolute
 */
export async function hostsToReach(
  flags: HostFlags,
  signal: AbortSignal,
): Promise<{ target: FleetTarget; hosts: readonly HostToReach[] }> {
  if (!path.posix.isAbsolute(flags.prefix)) {
    throw new CliError(
      'usage',
      `The prefix ${flags.prefix} is not absolute: give the agents' data directory, such as ${DEFAULT_PREFIX}.`,
    );
  }
  const target = await resolveTarget(flags, { usesHosts: true, signal });
  const named = flags.sshUrl === undefined ? target.hosts : undefined;
  const sshUrls = [...new Set(named ?? target.sshUrls)];
  if (sshUrls.length === 0) {
    throw new CliError('usage', 'Name the hosts: pass an --ssh-url for each, or `hosts` in hawser.yaml.');
  }
  const { destinations, ...shared } = await tunnelOptions({ ...target, sshUrls }, logTo(flags), signal);
  const hosts = destinations.flatMap((destination, index): HostToReach[] => {
    const host = sshUrls[index];
    return host === undefined ? [] : [{ host, tunnel: { ...shared, destinations: [destination] } }];
  });
  return { target, hosts };
}
