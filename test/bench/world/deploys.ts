import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import { COLUMNS, measureTask, medianOf, rowOf } from './measured.js';
import type { Site } from './site.js';

const PAYLOAD = JSON.stringify({ name: 'web', tree: 'f'.repeat(64), message: 'x'.repeat(400) });

/** The newest id of a long deploy log. */
export async function* measureMaxDeployId(site: Site, { isQuick }: Effort): AsyncGenerator<Topic> {
  const [long, short] = [isQuick ? 1000 : 5000, 50];
  const longLog = await deployed(site, long);
  const shortLog = await deployed(site, short);
  const measure = (task: string, namespace: string, count: number) =>
    measureTask(site, { task, namespace, count, rounds: 1 });
  const byDeploy = await measure('deployByDeploy', longLog, 50);
  const largest = await measure('largestOfDeploys', longLog, 3);
  const newest = await measure('getMaxDeployId', longLog, 20);
  const newestOfFew = await measure('getMaxDeployId', shortLog, 20);
  yield {
    title: `The newest id of ${long} deploys at a round trip of ${site.roundTripMs} ms`,
    columns: COLUMNS,
    rows: [
      rowOf('one request each (50 of them)', byDeploy),
      rowOf('getDeploys, then the largest (3 calls)', largest),
      rowOf('getMaxDeployId (20 calls)', newest),
      rowOf(`getMaxDeployId of ${short} deploys (20 calls)`, newestOfFew),
    ],
    checks: [
      {
        what: 'getMaxDeployId against one request each',
        got: (medianOf(newest, 'perSecond') / medianOf(byDeploy, 'perSecond')) * long,
        sense: 'at least',
        wanted: 10,
      },
      {
        what: `bytes received, of ${long} against of ${short}`,
        got: medianOf(newest, 'receivedBytes') / medianOf(newestOfFew, 'receivedBytes'),
        sense: 'at most',
        wanted: 1.1,
      },
    ],
    notes: ['one request each counts deploys for each second, the others calls'],
  };
}

/** A log of so many deploys. */
async function deployed(site: Site, count: number): Promise<string> {
  const namespace = site.newNamespace();
  await using world = site.world('ci', namespace);
  for (let id = 1; id <= count; id += 1) {
    await world.addDeploy(id, `hash${id}`, id === 1 ? '' : `hash${id - 1}`, PAYLOAD);
  }
  return namespace;
}
