import type { Client } from '../../../world/index.js';
import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import { COLUMNS, measureTask, medianOf, rowOf } from './measured.js';
import type { Site } from './site.js';

const TIMES_FASTER = 10;
const BATCH = 100;

/** Exporting many resources. */
export async function* measureExport(site: Site, { isQuick }: Effort): AsyncGenerator<Topic> {
  const count = 1000;
  const rounds = isQuick ? 1 : 3;
  const measure = (task: string, namespace: string, items = count, times = 1) =>
    measureTask(site, { task, namespace, count: items, rounds: times });
  const namespace = site.newNamespace();
  const oneByOne = await measure('exportOneByOne', site.newNamespace(), isQuick ? 100 : count);
  const each64 = await measure('exportEach64', site.newNamespace());
  const exported = await measureTask(site, { task: 'resExport', namespace, count, rounds }, (into) =>
    clear(site, into),
  );
  const unchanged = await measure('resExport', namespace, count, rounds);
  yield {
    title: `Exporting ${count} resources at a round trip of ${site.roundTripMs} ms`,
    columns: COLUMNS,
    rows: [
      rowOf(isQuick ? 'one request each (100)' : 'one request each', oneByOne),
      rowOf('one request each, 64 in flight', each64),
      rowOf('resExport', exported),
      rowOf('resExport, unchanged', unchanged),
    ],
    checks: [
      {
        what: 'resExport against one request each',
        got: medianOf(exported, 'perSecond') / medianOf(oneByOne, 'perSecond'),
        sense: 'at least',
        wanted: TIMES_FASTER,
      },
    ],
  };
}

/** Collecting what is for us among what is for others. */
export async function* measureCollect(site: Site, { isQuick }: Effort): AsyncGenerator<Topic> {
  const [all, mine] = [10_000, 100];
  const rounds = isQuick ? 1 : 3;
  const namespace = site.newNamespace();
  await fill(site, namespace, all, mine);
  const measure = (task: string) => measureTask(site, { task, namespace, count: mine, rounds });
  const oneByOne = await measure('collectOneByOne');
  const whole = await measure('collectWholePrefix');
  const collected = await measure('resCollect');
  yield {
    title: `Collecting ${mine} resources of ${all} at a round trip of ${site.roundTripMs} ms`,
    columns: COLUMNS,
    rows: [
      rowOf('one request each', oneByOne),
      rowOf('the whole prefix', whole),
      rowOf('resCollect', collected),
    ],
    checks: [
      {
        what: 'resCollect against one request each',
        got: medianOf(collected, 'perSecond') / medianOf(oneByOne, 'perSecond'),
        sense: 'at least',
        wanted: TIMES_FASTER,
      },
      {
        what: 'bytes received, resCollect against one request each',
        got: medianOf(collected, 'receivedBytes') / medianOf(oneByOne, 'receivedBytes'),
        sense: 'at most',
        wanted: 1.5,
      },
    ],
  };
}

async function clear(site: Site, namespace: string): Promise<void> {
  await using client = site.client(namespace);
  await client.delPrefix('/exported/');
}

async function fill(site: Site, namespace: string, all: number, mine: number): Promise<void> {
  await using client = site.client(namespace);
  const keys = Array.from({ length: all }, (_, number) =>
    number < mine
      ? `/exported/me/h${number % 10}/file//etc/mine/${number}`
      : `/exported/h${number % 99}/h${number % 10}/file//etc/others/${number}`,
  );
  for (let from = 0; from < all; from += BATCH) await putAll(client, keys.slice(from, from + BATCH));
}

async function putAll(client: Client, keys: readonly string[]): Promise<void> {
  await client.txn({ success: keys.map((key) => ({ put: key, value: 'x'.repeat(200) })) });
}
