import type { EtcdVersion } from '../../../fixtures/fleet/install/etcd-binary.js';
import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import { measureIdle } from './idle.js';
import { measureResizing } from './resizing.js';
import { measureStart } from './start.js';
import { measureWrites } from './writes.js';

/** What hawser brings an etcd for. */
const VERSIONS: readonly EtcdVersion[] = ['3.4', '3.5'];

/** Every topic of the elastic cluster, one after the other, or only those named. */
export async function* elasticTopics(
  effort: Effort,
  say: (text: string) => void,
  only?: readonly string[],
): AsyncGenerator<Topic> {
  const topics: Record<string, () => Promise<Topic>> = {
    start: () => measureStart(VERSIONS, effort),
    resizing: () => measureResizing(VERSIONS, effort),
    writes: () => measureWrites(VERSIONS, effort),
    idle: () => measureIdle(VERSIONS, effort),
  };
  for (const [name, measure] of Object.entries(topics)) {
    if (only !== undefined && !only.includes(name)) continue;
    say(`measuring ${name}…\n`);
    yield await measure();
  }
}
