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
  return formatTable(['APP', 'NEWEST', 'VERDICT', 'HOST', 'RUNS', 'STATE'], rows);
}

function describeState({ state, since, problem }: AppOnHost): string {
  const when = since.replace('T', ' ').slice(0, 19);
  if (state === 'well') return `well since ${when}`;
  return state === 'unknown' ? `unknown since ${when}: ${problem}` : `${problem} (since ${when})`;
}
