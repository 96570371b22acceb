import { formatBytes } from '../output/format-quantities.js';
import { alignColumns } from '../output/screen/align-columns.js';
import type { ScreenLine, Span } from '../output/screen/screen-line.js';
import type { HostApp, HostStatus } from '../status/fleet-status.js';
import type { WatchedFleet } from './follow-fleet.js';
import { wrapText } from './wrap-text.js';

const MOST_LINES_OF_ONE = 6;

/** What is known of one host, in as many lines as it takes. */
export function drawHost(host: HostStatus, { problems }: WatchedFleet, columns: number): ScreenLine[] {
  const { hostname, alive, role, version, since, labels = {}, apps } = host;
  const named = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const facts: readonly (readonly [string, string])[] = [
    ['agent', alive ? `up, version ${version ?? 'unknown'}` : 'gone'],
    ['etcd', role],
    ['converged', convergedText(host)],
    ['disk', diskText(host)],
    ['clock', clockText(host)],
    ['labels', named.length === 0 ? '-' : named.join(', ')],
    ['in the fleet', since === undefined ? 'no' : `since ${time(since)}`],
  ];
  const its = problems.filter((problem) => problem.host === hostname);
  return [
    [
      { text: hostname, style: 'bold' },
      { text: '  Esc for all hosts, j/k scroll, q leave', style: 'dim' },
    ],
    [],
    ...alignColumns(facts.map(([name, text]): Span[] => [{ text: name, style: 'dim' }, { text }])),
    [],
    ...appLines(apps, hostname, columns),
    ...its.flatMap(({ message }) => [
      [],
      ...wrapText(message, columns - 1, MOST_LINES_OF_ONE).map(
        (text): ScreenLine => [{ text, style: 'red' }],
      ),
    ]),
  ];
}

function appLines(apps: readonly HostApp[], hostname: string, columns: number): ScreenLine[] {
  if (apps.length === 0) return [[{ text: 'No app runs here.', style: 'dim' }]];
  const head = ['APP', 'DEPLOY', 'STATE', 'SINCE', 'PROBLEM'].map((text): Span => ({ text, style: 'dim' }));
  const rows = apps.map(({ app, deploy, state, since, problem }): Span[] => [
    { text: app },
    { text: String(deploy) },
    { text: state, style: state === 'unwell' ? 'red' : undefined },
    { text: time(since) },
    { text: problem },
  ]);
  const more = `What they write: hawser logs APP ${hostname}`;
  return [
    ...alignColumns([head, ...rows]),
    ...wrapText(more, columns - 1, 2).map((text): ScreenLine => [{ text, style: 'dim' }]),
  ];
}

function convergedText({ converged }: HostStatus): string {
  if (converged === null) return '-';
  return converged ? 'yes' : 'no';
}

function diskText({ disk }: HostStatus): string {
  return disk === undefined ? '-' : `${formatBytes(disk.freeBytes)} of ${formatBytes(disk.totalBytes)} free`;
}

function clockText({ clockAheadMs }: HostStatus): string {
  if (clockAheadMs === undefined) return '-';
  const seconds = Math.round(Math.abs(clockAheadMs) / 1_000);
  if (seconds === 0) return 'as most others';
  return `${seconds} s ${clockAheadMs > 0 ? 'ahead of' : 'behind'} most others`;
}

function time(at: string): string {
  return `${at.replace('T', ' ').slice(0, 19)} UTC`;
}
