import { counted, listed } from '../output/format-quantities.js';
import { alignColumns } from '../output/screen/align-columns.js';
import type { ScreenLine, ScreenSize, Span, Style } from '../output/screen/screen-line.js';
import type { HostStatus } from '../status/fleet-status.js';
import { describeCluster, hostCells } from '../status/format-status.js';
import type { DeployInProgress } from './deploys-in-progress.js';
import { drawHost } from './draw-host.js';
import type { WatchedFleet } from './follow-fleet.js';
import { concernOf, isMissing, listHosts } from './list-hosts.js';
import { cursorIn, type Seen, type TopState } from './top-state.js';
import { wrapText } from './wrap-text.js';

/** What is shown, and what keys move in. */
export interface Drawn extends Seen {
  readonly lines: readonly ScreenLine[];
}

const HEAD = ['  HOST', 'AGENT', 'ETCD', 'CONVERGED', 'VERSION', 'DISK', 'RUNS'];
const ROLE_WIDTH = 'learner'.length;
const STYLES: readonly (Style | undefined)[] = [undefined, 'yellow', 'red', 'red'];
const MOST_DEPLOYS = 3;
const MOST_PROBLEM_LINES = 3;

/** So many lines of hosts come before anything else but the worst problem. */
const LEAST_HOSTS = 3;

const HELP = 'j/k move  Enter details  s sort  / filter  q leave';

/** The screen for a fleet: of as many lines as the terminal has, but one. */
export function drawTop(fleet: WatchedFleet, state: TopState, size: ScreenSize): Drawn {
  const hosts = listHosts(fleet.hosts, state);
  const names = hosts.map(({ hostname }) => hostname);
  const verdict = verdictLines(fleet, size);
  const all = Math.max(size.rows - 1, 1);
  const room = Math.max(all - verdict.length, 0);
  const open = state.isOpen ? fleet.hosts.find(({ hostname }) => hostname === state.selected) : undefined;
  if (open !== undefined) {
    const details = drawHost(open, fleet, size.columns);
    const mostScrolled = Math.max(details.length - room, 0);
    const from = Math.min(state.scrolled, mostScrolled);
    const lines = filled(details.slice(from, from + room), room);
    return { lines: [...lines, ...verdict], names, room, mostScrolled };
  }
  const above = aboveHosts(fleet, room - LEAST_HOSTS);
  const below = room - above.length - LEAST_HOSTS - 1 > 0 ? [statusLine(state, hosts, fleet)] : [];
  const left = Math.max(room - above.length - below.length, 0);
  const table = hostLines(hosts, state, left);
  const lines = [...above, ...filled(table, left), ...below, ...verdict];
  return { lines, names, room: Math.max(left - 1, 1), mostScrolled: 0 };
}

/** What the whole of the fleet is like, and its deploys, as far as there is room. */
function aboveHosts(fleet: WatchedFleet, room: number): ScreenLine[] {
  const { hosts, members, cluster, deploys } = fleet;
  const voters = members.filter(({ isLearner }) => !isLearner).length;
  const gone = hosts.filter(isMissing).length;
  const head: ScreenLine = [
    { text: counted(hosts.length, 'host'), style: 'bold' },
    ...(gone === 0 ? [] : [{ text: ', ' }, { text: `${gone} gone`, style: 'red' } as const]),
    { text: `; ${describeCluster(cluster, voters, members.length - voters)}` },
  ];
  return [head, ...deployLines(deploys)].slice(0, Math.max(room, 0));
}

function deployLines(deploys: readonly DeployInProgress[]): ScreenLine[] {
  const isAll = deploys.length <= MOST_DEPLOYS;
  const shown = deploys.slice(0, isAll ? MOST_DEPLOYS : MOST_DEPLOYS - 1);
  const left = deploys.slice(shown.length).map(({ id }) => id);
  return [
    ...shown.map(({ id, app, phase, hosts }): ScreenLine => {
      const counts = Object.entries(hosts).map(([state, count]) => `${count} ${state}`);
      const said = counts.length === 0 ? 'no host yet' : counts.join(', ');
      const style = phase === 'running' ? 'cyan' : 'yellow';
      return [{ text: `deploy ${id} ${app}: ${phase}`, style }, { text: ` (${said})` }];
    }),
    ...(left.length === 0
      ? []
      : [[{ text: `deploys ${listed(left)} are under way, too`, style: 'cyan' } as const]]),
  ];
}

/** The page of hosts that the cursor is on, below the names of the columns. */
function hostLines(hosts: readonly HostStatus[], state: TopState, room: number): ScreenLine[] {
  const at = cursorIn(
    hosts.map(({ hostname }) => hostname),
    state,
  );
  const head = HEAD.map((text): Span => ({ text, style: 'dim' }));
  // All of them decide how wide the columns are, so that these stay where they are.
  const [first, ...lines] = alignColumns([head, ...hosts.map((host, index) => hostRow(host, index === at))]);
  if (room < 2) return lines.slice(at, at + room);
  const most = room - 1;
  const from = Math.floor(at / most) * most;
  return [...(first === undefined ? [] : [first]), ...lines.slice(from, from + most)];
}

function hostRow(host: HostStatus, isSelected: boolean): Span[] {
  const [agent = '', role = '', ...others] = hostCells(host);
  const concern = STYLES[concernOf(host)];
  const rest = [role.padEnd(ROLE_WIDTH), ...others].map((text): Span => ({ text }));
  const runs = rest.pop();
  const isUnwell = host.apps.some(({ state }) => state === 'unwell');
  return [
    { text: `${isSelected ? '>' : ' '} ${host.hostname}`, style: isSelected ? 'bold' : concern },
    { text: agent, style: agentStyle(host) },
    ...rest,
    ...(runs === undefined ? [] : [{ ...runs, ...(isUnwell ? { style: 'red' as const } : {}) }]),
  ];
}

function agentStyle(host: HostStatus): Style | undefined {
  if (host.alive) return 'green';
  return isMissing(host) ? 'red' : undefined;
}

/** What is listed, and what can be done. */
function statusLine(state: TopState, hosts: readonly HostStatus[], fleet: WatchedFleet): ScreenLine {
  if (state.isFiltering)
    return [
      { text: `/${state.filter}_`, style: 'bold' },
      { text: '  Enter to keep it, Esc for all hosts', style: 'dim' },
    ];
  const at = cursorIn(
    hosts.map(({ hostname }) => hostname),
    state,
  );
  const place = hosts.length === 0 ? 'none' : `${at + 1}`;
  const filter = state.filter === '' ? '' : ` with "${state.filter}"`;
  const all =
    hosts.length === fleet.hosts.length ? `${hosts.length}` : `${hosts.length}/${fleet.hosts.length}`;
  return [{ text: `${place} of ${all}${filter}, by ${state.sort}  ${HELP}`, style: 'dim' }];
}

/** The last lines: OK, or the worst problem and the command for it. */
function verdictLines({ ok, hosts, problems }: WatchedFleet, { columns, rows }: ScreenSize): ScreenLine[] {
  const [worst, ...others] = problems;
  if (worst === undefined) {
    if (ok && hosts.length > 0) return [[{ text: 'OK', style: 'green' }]];
    return [[{ text: 'No hosts yet: "hawser up" makes hosts a fleet.', style: 'dim' }]];
  }
  const more = others.length === 0 ? '' : ` (and ${counted(others.length, 'more problem')})`;
  const most = rows < 10 ? 1 : MOST_PROBLEM_LINES;
  return wrapText(`${worst.message}${more}`, columns - 1, most).map((text) => [{ text, style: 'red' }]);
}

function filled(lines: readonly ScreenLine[], room: number): ScreenLine[] {
  return [...lines, ...Array.from({ length: Math.max(room - lines.length, 0) }, () => [])].slice(0, room);
}
