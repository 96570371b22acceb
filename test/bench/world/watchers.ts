import { setTimeout as delay } from 'node:timers/promises';
import type { Effort } from '../effort.js';
import type { Row, Topic } from '../report.js';
import { percentile } from '../statistics.js';
import type { Traffic } from './meter.js';
import { Site } from './site.js';
import type { StepReport } from './task.js';
import { TaskProcess } from './task-process.js';
import { type Arrival, SAMPLE, watchedKey } from './tasks/watchers.js';

const COLUMNS = [
  'set-up ms',
  'round trips',
  'kB sent',
  'kB received',
  'wake-up p50 ms',
  'p99 ms',
  'back ms',
  'round trips',
  'memory MB',
];
const ROUND_TRIPS = 3;
/** So long that the work of a thousand watchers does not pass for waiting. */
const FAR_ROUND_TRIP_MS = 400;
const BATCH = 100;
/** Between two changes, so that one wake-up does not wait for another. */
const PAUSE_MS = 5;

interface Watched {
  readonly setUp: StepReport;
  readonly setUpTraffic: Traffic;
  readonly latenciesMs: readonly number[];
  readonly backMs: number;
  readonly backTraffic: Traffic;
  readonly memoryBytes: number;
}

/** Many watchers: setting them up, being woken, and having them back after the SSH connection was cut. */
export async function* measureWatchers(site: Site, { isQuick }: Effort): AsyncGenerator<Topic> {
  const few = isQuick ? 100 : 1000;
  const theirs = await watchWith(site, 'etcd3Watch', few);
  const mine = await watchWith(site, 'strWatch', 1000);
  await using farSite = await Site.start(FAR_ROUND_TRIP_MS);
  const far = await watchWith(farSite, 'strWatch', 1000);
  yield {
    title: `Watchers at a round trip of ${site.roundTripMs} ms`,
    columns: COLUMNS,
    rows: [
      rowOf(`etcd3, ${few}`, theirs),
      rowOf('strWatch, 1000', mine),
      rowOf(`strWatch, 1000, at ${FAR_ROUND_TRIP_MS} ms`, far),
    ],
    checks: [
      {
        what: `round trips to set up 1000, at ${FAR_ROUND_TRIP_MS} ms`,
        got: far.setUpTraffic.roundTrips,
        sense: 'at most',
        wanted: ROUND_TRIPS,
      },
      {
        what: `round trips to have 1000 back, at ${FAR_ROUND_TRIP_MS} ms`,
        got: far.backTraffic.roundTrips,
        sense: 'at most',
        wanted: ROUND_TRIPS,
      },
      {
        what: 'set up for each second, strWatch against etcd3',
        got: 1000 / mine.setUp.elapsedMs / (few / theirs.setUp.elapsedMs),
        sense: 'at least',
        wanted: 10,
      },
      {
        what: 'wake-up p50, strWatch against etcd3',
        got: percentile(mine.latenciesMs, 0.5) / percentile(theirs.latenciesMs, 0.5),
        sense: 'at most',
        wanted: 1.2,
      },
    ],
    notes: [
      'wake-up: from before the write, made beside the etcd, to the watch item; half a round trip of it is the link',
      'back: from the cut to the last of the watchers noticing what was written after it, logging in again included',
    ],
  };
}

async function watchWith(site: Site, name: string, count: number): Promise<Watched> {
  const namespace = site.newNamespace();
  await using writer = site.client(namespace);
  const keys = Array.from({ length: count }, (_, number) => watchedKey(number));
  await using task = await TaskProcess.start({ task: name, url: site.meter.url, namespace, count });
  site.meter.take();
  const setUp = await task.step();
  const setUpTraffic = site.meter.take();
  const memoryBytes = setUp.peakBytes - task.preparedBytes;

  const sentAt = new Map<number, bigint>();
  const woken = await task.step(async () => {
    for (let number = 0; number < Math.min(count, SAMPLE); number += 1) {
      sentAt.set(number, process.hrtime.bigint());
      await writer.set(watchedKey(number), 'changed');
      await delay(PAUSE_MS);
    }
  });
  const latenciesMs = (woken.value as readonly Arrival[]).map(
    ([number, at]) => Number(BigInt(at) - (sentAt.get(number) ?? 0n)) / 1e6,
  );

  site.meter.take();
  const from = performance.now();
  site.cut();
  await task.step(async () => {
    for (let start = 0; start < count; start += BATCH) {
      const puts = keys.slice(start, start + BATCH).map((key) => ({ put: key, value: 'changed again' }));
      await writer.txn({ success: puts });
    }
  });
  const backMs = performance.now() - from;
  return { setUp, setUpTraffic, latenciesMs, backMs, backTraffic: site.meter.take(), memoryBytes };
}

function rowOf(name: string, watched: Watched): Row {
  return {
    name,
    values: [
      watched.setUp.elapsedMs,
      watched.setUpTraffic.roundTrips,
      watched.setUpTraffic.sentBytes / 1000,
      watched.setUpTraffic.receivedBytes / 1000,
      percentile(watched.latenciesMs, 0.5),
      percentile(watched.latenciesMs, 0.99),
      watched.backMs,
      watched.backTraffic.roundTrips,
      watched.memoryBytes / 1e6,
    ],
  };
}
