import type { EtcdVersion } from '../../../fixtures/fleet/install/etcd-binary.js';
import { LocalAgents } from '../../agent/helpers/local-agents.js';
import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import { median } from '../statistics.js';

/** Each from the size that the one before ends with. */
const STEPS = [
  { name: '1 → 3', size: 3, targetMs: 5_000 },
  { name: '3 → 1', size: 1, targetMs: undefined },
  { name: '1 → 5', size: 5, targetMs: 10_000 },
  { name: '5 → 1', size: 1, targetMs: 10_000 },
] as const;

/** From a change of the ideal cluster size until the cluster has it. */
export async function measureResizing(versions: readonly EtcdVersion[], { rounds }: Effort): Promise<Topic> {
  const measured: { readonly version: EtcdVersion; readonly medians: readonly number[] }[] = [];
  for (const version of versions) {
    await using agents = await LocalAgents.create(version);
    await startSizedOne(agents);
    const times: number[][] = STEPS.map(() => []);
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, { size }] of STEPS.entries()) {
        const from = performance.now();
        await agents.setSize(size);
        await agents.votingCount(size);
        times[index]?.push(performance.now() - from);
      }
    }
    measured.push({ version, medians: times.map(median) });
  }
  return {
    title: 'Changes of size among five hosts, from the wish to the last vote and endpoint',
    columns: STEPS.map(({ name }) => `${name} ms`),
    rows: measured.map(({ version, medians }) => ({ name: `etcd ${version}`, values: medians })),
    checks: measured.flatMap(({ version, medians }) =>
      STEPS.flatMap(({ name, targetMs }, index) =>
        targetMs === undefined
          ? []
          : [
              {
                what: `ms for ${name}, etcd ${version}`,
                got: medians[index] ?? Number.NaN,
                sense: 'at most' as const,
                wanted: targetMs,
              },
            ],
      ),
    ),
    notes: ['looked at every 40 ms from outside', 'a snapshot before each change of membership is included'],
  };
}

/** Starts five hosts of which one runs a server and the others wait for their turn. */
export async function startSizedOne(agents: LocalAgents): Promise<void> {
  const [first] = await agents.start('h1');
  await agents.voting('h1');
  await agents.setSize(1);
  for (const name of ['h2', 'h3', 'h4', 'h5']) {
    const agent = await agents.add(name);
    agent.start(first === undefined ? [] : [first]);
  }
  await agents.registered('h1', 'h2', 'h3', 'h4', 'h5');
  await agents.eventually('all volunteer', async () => (await agents.hosts('/volunteer/')).length === 5);
  await agents.votingCount(1);
}
