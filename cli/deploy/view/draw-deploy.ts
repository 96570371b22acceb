import type { HostProgress, HostState } from '../../../world/deploys/host-states.js';
import type { RolloutRecord } from '../../../world/deploys/rollout/rollout-record.js';
import { counted } from '../../output/format-quantities.js';
import { alignColumns } from '../../output/screen/align-columns.js';
import type { ScreenLine, ScreenSize, Style } from '../../output/screen/screen-line.js';

/** How a deploy stands, as a person watches it. */
export interface WatchedDeploy {
  readonly id: number;
  readonly app: string;
  /** In the order of the deploy. */
  readonly hosts: ReadonlyMap<string, WatchedHost>;
  readonly record: RolloutRecord | undefined;
  /** Since it was recorded. */
  readonly elapsedMs: number;
}

export interface WatchedHost extends HostProgress {
  /** How long it has taken so far, or took. */
  readonly elapsedMs: number;
}

const STYLES: Partial<Record<HostState, Style>> = {
  healthy: 'green',
  failed: 'red',
  'rolled-back': 'red',
  lost: 'red',
  missing: 'yellow',
  fetching: 'cyan',
  applying: 'cyan',
  waiting: 'dim',
  skipped: 'dim',
};

/** In which order a person wants to know of them. */
const BY_CONCERN: readonly HostState[] = [
  ...(['failed', 'lost', 'rolled-back', 'missing', 'applying', 'fetching'] as const),
  ...(['waiting', 'healthy', 'skipped'] as const),
];

/** Those that are counted only, where not all hosts fit. */
const QUIET: readonly HostState[] = ['waiting', 'healthy', 'skipped'];

/** The line of the deploy, that of the columns, and one that says what is left out. */
const LINES_BESIDE = 3;

/** As wide as what these columns mostly hold, so that they stay where they are. */
const USUAL = { state: 'applying'.length, step: 'prepare'.length, time: '1m05s'.length };

/** In fewer columns, there is room for less of each host. */
const NARROW = 50;
const HEAD = ['HOST', 'STATE', 'STEP', 'TIME', 'LAST LINE'];
const NARROW_HEAD = ['HOST', 'STATE', 'LAST LINE'];

/** The lines of the live view: each host, or, of more than fit, how many are in which state and those that need a look. */
export function drawDeploy(deploy: WatchedDeploy, { columns, rows }: ScreenSize): ScreenLine[] {
  const { hosts } = deploy;
  const room = Math.max(rows - 1 - LINES_BESIDE, 1);
  const head = headLine(deploy);
  if (hosts.size === 0) return [head, ...reasonLine(deploy)];
  if (hosts.size <= room) return [head, ...hostLines([...hosts], columns), ...reasonLine(deploy)];
  const listed = [...hosts]
    .filter(([, { state }]) => !QUIET.includes(state))
    .sort(([, a], [, b]) => BY_CONCERN.indexOf(a.state) - BY_CONCERN.indexOf(b.state));
  const shown = listed.slice(0, room);
  const more = listed.length - shown.length;
  return [
    head,
    ...(shown.length === 0 ? [] : hostLines(shown, columns)),
    ...(more > 0 ? [[{ text: `and ${more} more`, style: 'dim' } as const]] : reasonLine(deploy)),
  ];
}

/** "Deploy 12 of shop   14s   3 hosts: 1 healthy, 2 applying" */
function headLine({ id, app, hosts, elapsedMs }: WatchedDeploy): ScreenLine {
  const counts = BY_CONCERN.flatMap((state) => {
    const count = [...hosts.values()].filter((host) => host.state === state).length;
    return count === 0 ? [] : [{ text: `${count} ${state}`, style: STYLES[state] }];
  });
  const separated = counts.flatMap((span, at) => (at === 0 ? [span] : [{ text: ', ' }, span]));
  return [
    { text: `Deploy ${id} of ${app}`, style: 'bold' },
    { text: `  ${formatElapsed(elapsedMs)}  ${counted(hosts.size, 'host')}: ` },
    ...separated,
  ];
}

function reasonLine({ record }: WatchedDeploy): ScreenLine[] {
  if (record === undefined || record.phase === 'running' || record.phase === 'done') return [];
  const what = record.phase === 'paused' ? 'Paused.' : 'The hosts that have switched go back.';
  return [[{ text: [what, record.reason].filter((part) => part !== undefined).join(' '), style: 'yellow' }]];
}

function hostLines(hosts: readonly (readonly [string, WatchedHost])[], columns: number): ScreenLine[] {
  const isNarrow = columns < NARROW;
  const head = (isNarrow ? NARROW_HEAD : HEAD).map((text) => ({ text, style: 'dim' }) as const);
  const rows = hosts.map(([name, { state, step = '', elapsedMs, message }]) => [
    { text: name },
    { text: state.padEnd(USUAL.state), style: STYLES[state] },
    ...(isNarrow
      ? []
      : [{ text: step.padEnd(USUAL.step) }, { text: formatElapsed(elapsedMs).padEnd(USUAL.time) }]),
    { text: message },
  ]);
  return alignColumns([head, ...rows]);
}

/** "9s", "1m05s", "2h03m" */
function formatElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}m${two(seconds % 60)}s`
    : `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
}
