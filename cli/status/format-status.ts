import { describeCondition } from '../../world/deploys/report.js';
import type { DeploySummary } from '../deploy/summarise-deploy.js';
import type { Lines } from '../output/escaped-lines.js';
import { formatDuration } from '../output/format-quantities.js';
import { formatTable, lines } from '../output/print.js';
import type { FleetStatus, HostStatus } from './read-status.js';

/** A table of the hosts and a line on the newest deploy, for people. */
export function formatStatus({ hosts, deploy, convergedForMs, problems }: FleetStatus): Lines {
  const rows = hosts.map((host) => [
    host.hostname,
    host.alive ? 'up' : 'gone',
    host.role,
    describeConverged(host.converged),
    describeRuns(host),
    host.deploy === undefined ? '-' : describeReport(host.deploy),
  ]);
  const hostTable = formatTable(
    ['HOST', 'AGENT', 'ETCD', 'CONVERGED', 'RUNS', `DEPLOY ${deploy?.id ?? ''}`.trim()],
    rows,
  );
  const rest = convergedForMs === undefined ? [] : [`converged for ${formatDuration(convergedForMs)}`];
  return lines([
    hostTable,
    '',
    deploy === null ? 'no deploys yet' : describeDeploy(deploy, hosts),
    ...rest,
    ...problems.map(({ message }) => message),
  ]);
}

function describeConverged(converged: boolean | null): string {
  if (converged === null) return '-';
  return converged ? 'yes' : 'no';
}

function isDown({ deploy }: HostStatus): boolean {
  return deploy?.app?.up === false;
}

/** The release that a host runs; unknown for a host that is gone. */
function describeRuns(host: HostStatus): string {
  const current = host.deploy?.current ?? 0;
  if (current === 0) return '-';
  if (!host.alive) return '?';
  return isDown(host) ? `${current} (down)` : String(current);
}

function describeDeploy({ id, name, message, verdict }: DeploySummary, hosts: readonly HostStatus[]): string {
  const down = hosts.filter((host) => host.alive && isDown(host)).map(({ hostname }) => hostname);
  const since = down.length === 0 ? '' : ` when it was deployed, now down on ${down.join(', ')}`;
  return `deploy ${id} ${name}${message === '' ? '' : ` "${message}"`}: ${verdict}${since}`;
}

function describeReport({ state, message, app }: NonNullable<HostStatus['deploy']>): string {
  if (state === 'failed') return `failed: ${message}`;
  return app?.up === false ? `restarting: ${describeCondition(app)}` : state;
}
