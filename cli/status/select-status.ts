import type { SelectableHost } from '../../world/agents/host-selection.js';
import { selectHosts } from '../fleet/file/select-hosts.js';
import type { FleetStatus } from './fleet-status.js';
import { areConverged } from './read-status.js';

/**
 * Narrows a status down to some hosts: these, and what concerns them. The members, the deploy and the fleet stay.
 * @throws CliError `usage` as {@link selectHosts}
 */
export function selectStatus(status: FleetStatus, selection: string): FleetStatus {
  const names = selectHosts({ hosts: status.hosts.map(toSelectable) }, selection).map(({ name }) => name);
  const hosts = status.hosts.filter(({ hostname }) => names.includes(hostname));
  const problems = status.problems.filter(({ host }) => host === null || names.includes(host));
  return { ...status, ok: problems.length === 0, hosts, problems, converged: areConverged(hosts) };
}

function toSelectable({ hostname: name, labels = {} }: FleetStatus['hosts'][number]): SelectableHost {
  return { name, labels };
}
