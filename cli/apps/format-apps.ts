import { describeLock } from '../deploy/lock/describe-lock.js';
import type { Lines } from '../output/escaped-lines.js';
import { formatTable, lines } from '../output/print.js';
import type { AppOnHost, AppSummary } from './read-apps.js';

/** The apps as a table: one row for each host of each app. */
export function formatApps(apps: readonly AppSummary[]): Lines {
  if (apps.length === 0) return lines(['no apps yet']);
  const rows = apps.flatMap(({ app, newest, verdict, hosts }) =>
    hosts.length === 0
      ? [[app, String(newest), verdict, '-', '-', '-']]
      : hosts.map((host, index) => [
          ...(index === 0 ? [app, String(newest), verdict] : ['', '', '']),
          ...[host.hostname, String(host.deploy), describeState(host)],
        ]),
  );
  const table = formatTable(['APP', 'NEWEST', 'VERDICT', 'HOST', 'RUNS', 'STATE'], rows);
  const notes = apps.flatMap((app) => [
    ...describePlace(app),
    ...(app.lock === null ? [] : [describeLock(app.app, app.lock)]),
  ]);
  return notes.length === 0 ? table : lines([table, '', ...notes]);
}

/** Where the app is to run, and what is otherwise. */
function describePlace({ app, hosts, schedule }: AppSummary): string[] {
  if (schedule === null) return [];
  const { namespace, chosen } = schedule;
  const running = hosts.flatMap(({ hostname, state }) => (state === 'unknown' ? [] : hostname));
  const [missing, more] = [without(chosen, running), without(running, chosen)];
  const place = chosen.length === 0 ? 'no host' : chosen.join(', ');
  return [
    `${app}: the schedule "${namespace}" has chosen ${place}.`,
    ...(missing.length === 0 ? [] : [`${app}: chosen, and not running: ${missing.join(', ')}.`]),
    ...(more.length === 0 ? [] : [`${app}: running, and not chosen: ${more.join(', ')}.`]),
  ];
}

function without(names: readonly string[], others: readonly string[]): string[] {
  return names.filter((name) => !others.includes(name));
}

function describeState({ state, since, problem }: AppOnHost): string {
  const when = since.replace('T', ' ').slice(0, 19);
  if (state === 'well') return `well since ${when}`;
  return state === 'unknown' ? `unknown since ${when}: ${problem}` : `${problem} (since ${when})`;
}
