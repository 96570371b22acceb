import { setTimeout as delay } from 'node:timers/promises';
import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import { COLUMNS, type Measured, rowOf } from './measured.js';
import type { Site } from './site.js';
import { TaskProcess } from './task-process.js';
import { LAST, MAP } from './tasks/string-map.js';

const PAUSE_MS = 5;
const BATCH = 100;
/** An event is larger than the entry of a listing, but each host's is to come once and not a thousand times. */
const READS = 3;

/** Keeping up with a string map whose hosts update one after the other. */
export async function* measureStringMap(site: Site, { isQuick }: Effort): AsyncGenerator<Topic> {
  const hosts = isQuick ? 250 : 1000;
  const reading = await keepUp(site, 'readMapAtEachPulse', hosts);
  const following = await keepUp(site, 'strMapFollow', hosts);
  yield {
    title: `A string map of ${hosts} hosts, each updating once, at a round trip of ${site.roundTripMs} ms`,
    columns: COLUMNS,
    rows: [rowOf('reading it at each pulse', [reading]), rowOf('strMapFollow', [following])],
    checks: [
      {
        what: 'bytes received with strMapFollow, in readings of the whole map',
        got: following.receivedBytes / (reading.receivedBytes / reading.requests),
        sense: 'at most',
        wanted: READS,
      },
      {
        what: 'bytes received, reading against strMapFollow',
        got: reading.receivedBytes / following.receivedBytes,
        sense: 'at least',
        wanted: 10,
      },
    ],
    notes: [`a host updates every ${PAUSE_MS} ms: pulses that come while the map is read are one`],
  };
}

async function keepUp(site: Site, name: string, hosts: number): Promise<Measured> {
  const namespace = site.newNamespace();
  await using client = site.client(namespace);
  const keys = Array.from(
    { length: hosts },
    (_, host) => `/strings/${MAP}/host-${String(host).padStart(4, '0')}`,
  );
  for (let start = 0; start < hosts; start += BATCH) {
    const puts = keys.slice(start, start + BATCH).map((key) => ({ put: key, value: 'initial' }));
    await client.txn({ success: puts });
  }
  await using task = await TaskProcess.start({ task: name, url: site.meter.url, namespace, count: hosts });
  await task.step();
  site.meter.take();
  const { elapsedMs, peakBytes } = await task.step(async () => {
    for (const key of keys) {
      await client.set(key, LAST);
      await delay(PAUSE_MS);
    }
  });
  return {
    ...site.meter.take(),
    elapsedMs,
    perSecond: (hosts * 1000) / elapsedMs,
    memoryBytes: peakBytes - task.preparedBytes,
  };
}
