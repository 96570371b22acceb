import type { DeploySummary } from '../deploy/read-deploys.js';
import type { Lines } from '../output/escaped-lines.js';
import { formatDuration } from '../output/format-quantities.js';
import { formatTable, lines } from '../output/print.js';
import type { FleetStatus, HostApp, HostStatus } from './read-status.js';

/** A table of the hosts, the newest deploy, and what is wrong, for people. */
export function formatStatus({ ok, hosts, deploy, convergedForMs, problems }: FleetStatus): Lines {
  const rows = hosts.map((host) => [
    host.hostname,
    host.alive ? 'up' : 'gone',
    host.role,
    describeConverged(host.converged),
    describeRuns(host),
  ]);
  const rest = convergedForMs === undefined ? [] : [`converged for ${formatDuration(convergedForMs)}`];
  return lines([
    formatTable(['HOST', 'AGENT', 'ETCD', 'CONVERGED', 'RUNS'], rows),
    '',
    deploy === null ? 'no deploys yet' : describeDeploy(deploy),
    ...rest,
    ...problems.map(({ message }) => message),
    ...(ok && hosts.length > 0 ? ['OK'] : []),
  ]);
}

function describeConverged(converged: boolean | null): string {
  if (converged === null) return '-';
  return converged ? 'yes' : 'no';
}

/** "shop 12, blog 3 (down)" */
function describeRuns({ apps }: HostStatus): string {
  return apps.length === 0 ? '-' : apps.map(describeApp).join(', ');
}

function describeApp({ app, deploy, state }: HostApp): string {
  const notes = { well: '', unwell: ' (down)', unknown: ' (unknown)' };
  return `${app} ${deploy}${notes[state]}`;
}

function describeDeploy({ id, app, message, verdict }: DeploySummary): string {
  return `deploy ${id} ${app}${message === '' ? '' : ` "${message}"`}: ${verdict}`;
}
