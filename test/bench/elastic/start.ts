import { setTimeout as delay } from 'node:timers/promises';
import type { EtcdVersion } from '../../../fixtures/fleet/install/etcd-binary.js';
import { LocalAgents } from '../../agent/helpers/local-agents.js';
import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import { median } from '../statistics.js';

const LOOK_EVERY_MS = 10;
const TARGET_MS = 1_500;

/** From the start of the first agent until its cluster of one is there. */
export async function measureStart(versions: readonly EtcdVersion[], { rounds }: Effort): Promise<Topic> {
  const measured: {
    readonly version: EtcdVersion;
    readonly healthyMs: number;
    readonly publishedMs: number;
  }[] = [];
  for (const version of versions) {
    const healthy: number[] = [];
    const published: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await using agents = await LocalAgents.create(version);
      const from = performance.now();
      const [first] = await agents.start('h1');
      while (!(await isHealthy(`${first?.clientUrl}/health`))) await delay(LOOK_EVERY_MS);
      healthy.push(performance.now() - from);
      await agents.voting('h1');
      published.push(performance.now() - from);
    }
    measured.push({ version, healthyMs: median(healthy), publishedMs: median(published) });
  }
  return {
    title: 'The first server, from the start of `hawser run`',
    columns: ['answers ms', 'published ms'],
    rows: measured.map(({ version, healthyMs, publishedMs }) => ({
      name: `etcd ${version}`,
      values: [healthyMs, publishedMs],
    })),
    checks: measured.map(({ version, publishedMs }) => ({
      what: `ms until the first server is ready, etcd ${version}`,
      got: publishedMs,
      sense: 'at most',
      wanted: TARGET_MS,
    })),
    notes: [
      'published: its endpoint is in the World, which is when others may use it',
      'one round starts Node, etcd and a cluster on an empty prefix',
    ],
  };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    return (await response.text()).includes('"true"');
  } catch {
    return false; // nobody listens yet
  }
}
