import type { DeploySummary } from '../deploy/read-deploys.js';
import type { Lines } from '../output/escaped-lines.js';
import { counted, formatBytes, formatDuration, listed } from '../output/format-quantities.js';
import { formatTable, lines } from '../output/print.js';
import type { ClusterStatus, FleetStatus, HostApp, HostStatus, Problem } from './fleet-status.js';

/** The screen that it has to fit; where there is none, such as in a pipe, everything is shown. */
export interface Screen {
  readonly rows: number;
  readonly columns: number;
}

/** The prompt, and what else is neither a host nor a problem. */
const OTHER_LINES = 8;

/** However small the screen is. */
const LEAST_HOSTS = 4;

/** One screen: the hosts, the cluster, the newest deploy, and what is wrong, the worst last. */
export function formatStatus(status: FleetStatus, screen?: Screen): Lines {
  const { hosts, members, cluster, deploy, convergedForMs } = status;
  const voters = members.filter(({ isLearner }) => !isLearner).length;
  const problems = formatProblems(status, screen);
  const taken = problems.reduce((sum, line) => sum + linesOf(line, screen), 0);
  const mostHosts = screen && Math.max(LEAST_HOSTS, screen.rows - OTHER_LINES - taken);
  return lines([
    formatTable(
      ['HOST', 'AGENT', 'ETCD', 'CONVERGED', 'VERSION', 'DISK', 'RUNS'],
      hostRows(hosts, mostHosts),
    ),
    '',
    describeCluster(cluster, voters, members.length - voters),
    deploy === null ? 'no deploys yet' : describeDeploy(deploy),
    ...(convergedForMs === undefined ? [] : [`converged for ${formatDuration(convergedForMs)}`]),
    ...problems,
  ]);
}

/** The worst problem comes last, where a person looks first; the others have half of the screen. */
function formatProblems(
  { ok, hosts, problems }: Pick<FleetStatus, 'ok' | 'hosts' | 'problems'>,
  screen: Screen | undefined,
): string[] {
  const [worst, ...others] = problems.map(({ message }: Problem) => message);
  if (worst === undefined) return ok && hosts.length > 0 ? ['OK'] : [];
  let room = screen === undefined ? Number.POSITIVE_INFINITY : screen.rows / 2 - linesOf(worst, screen);
  const shown = others.filter((message) => {
    room -= linesOf(message, screen);
    return room >= 0;
  });
  const left = others.length - shown.length;
  const more = left > 0 ? [`${counted(left, 'more problem')}: see "hawser status --json".`] : [];
  return ['', ...more, ...shown.toReversed(), worst];
}

function linesOf(text: string, screen: Screen | undefined): number {
  return screen === undefined ? 1 : Math.max(1, Math.ceil(text.length / screen.columns));
}

/** Where there is no room for a line each, those that look the same share one. */
function hostRows(hosts: readonly HostStatus[], most = hosts.length): string[][] {
  const rows = hosts.map((host) => ({ name: host.hostname, cells: hostCells(host) }));
  if (rows.length <= most) return rows.map(({ name, cells }) => [name, ...cells]);
  const groups = new Map<string, { readonly names: string[]; readonly cells: string[] }>();
  for (const { name, cells } of rows) {
    const group = groups.get(cells.join('\0'));
    if (group === undefined) groups.set(cells.join('\0'), { names: [name], cells });
    else group.names.push(name);
  }
  // The odd ones first: there are few of them, and they are what one looks for.
  const sorted = [...groups.values()].toSorted((a, b) => a.names.length - b.names.length);
  const shown = sorted.length > most ? sorted.slice(0, most - 1) : sorted;
  const left = sorted.slice(shown.length).flatMap(({ names }) => names);
  return [
    ...shown.map(({ names, cells }) => [listed(names), ...cells]),
    ...(left.length > 0 ? [[counted(left.length, 'more host')]] : []),
  ];
}

/** What the columns behind its name say of a host. */
export function hostCells(host: HostStatus): string[] {
  const { alive, role, converged, version = '-' } = host;
  return [
    alive ? 'up' : 'gone',
    role,
    describeConverged(converged),
    version,
    describeDisk(host),
    describeRuns(host),
  ];
}

function describeConverged(converged: boolean | null): string {
  if (converged === null) return '-';
  return converged ? 'yes' : 'no';
}

/** How much of it is used, in steps that agents tell. */
function describeDisk({ disk }: HostStatus): string {
  if (disk === undefined || disk.totalBytes === 0) return '-';
  return `${Math.round((1 - disk.freeBytes / disk.totalBytes) * 100)}%`;
}

/** "shop 12, blog 3 (down)" */
function describeRuns({ apps }: HostStatus): string {
  return apps.length === 0 ? '-' : apps.map(describeApp).join(', ');
}

function describeApp({ app, deploy, state }: HostApp): string {
  const notes = { well: '', unwell: ' (down)', unknown: ' (unknown)' };
  return `${app} ${deploy}${notes[state]}`;
}

/** "etcd: 3 voters, 1 learner, led by web1, 1.2 MB" */
export function describeCluster(
  { leader, dbSizeBytes, alarms }: ClusterStatus,
  voters: number,
  learners: number,
): string {
  return [
    `etcd: ${counted(voters, 'voter')}`,
    ...(learners > 0 ? [counted(learners, 'learner')] : []),
    leader === null ? 'no leader' : `led by ${leader}`,
    formatBytes(dbSizeBytes),
    ...(alarms.length > 0 ? [counted(alarms.length, 'alarm')] : []),
  ].join(', ');
}

function describeDeploy({ id, app, message, verdict }: DeploySummary): string {
  return `deploy ${id} ${app}${message === '' ? '' : ` "${message}"`}: ${verdict}`;
}
