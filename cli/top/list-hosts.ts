import { diskTrouble } from '../../world/agents/host-health.js';
import type { HostStatus } from '../status/fleet-status.js';
import { hostCells } from '../status/format-status.js';
import type { Sort, TopState } from './top-state.js';

/** The hosts that are listed, in order. */
export function listHosts(
  hosts: readonly HostStatus[],
  { filter, sort }: Pick<TopState, 'filter' | 'sort'>,
): HostStatus[] {
  const wanted = filter.toLowerCase();
  const found = hosts.filter((host) => wanted === '' || textOf(host).toLowerCase().includes(wanted));
  return found.toSorted(
    (a, b) => COMPARE[sort](a, b) || a.hostname.localeCompare(b.hostname, 'en', { numeric: true }),
  );
}

/** How much a person wants to know of a host: 0 for nothing wrong. */
export function concernOf(host: HostStatus): 0 | 1 | 2 | 3 {
  const { alive, apps, converged, disk } = host;
  if (isMissing(host)) return 3;
  if (!alive) return 0;
  const trouble = disk && diskTrouble(disk);
  if (trouble === 'full' || apps.some(({ state }) => state === 'unwell')) return 2;
  return trouble === 'low' || converged !== true ? 1 : 0;
}

/** Whether it belongs to the fleet and its agent is not running: a member may also be no host of the fleet. */
export function isMissing({ alive, since }: HostStatus): boolean {
  return !alive && since !== undefined;
}

const COMPARE: Readonly<Record<Sort, (a: HostStatus, b: HostStatus) => number>> = {
  name: () => 0,
  state: (a, b) => concernOf(b) - concernOf(a),
  disk: (a, b) => usedPart(b) - usedPart(a),
};

function usedPart({ disk }: HostStatus): number {
  return disk === undefined || disk.totalBytes === 0 ? -1 : 1 - disk.freeBytes / disk.totalBytes;
}

/** All that a filter looks at. */
function textOf(host: HostStatus): string {
  const labels = Object.entries(host.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  return [host.hostname, ...hostCells(host), ...labels].join(' ');
}
