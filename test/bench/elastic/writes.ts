import type { EtcdVersion } from '../../../fixtures/fleet/install/etcd-binary.js';
import { LocalAgents } from '../../agent/helpers/local-agents.js';
import { SteadyWriter, type WriterReport } from '../../agent/helpers/steady-writer.js';
import type { Effort } from '../effort.js';
import type { Row, Topic } from '../report.js';
import { startSizedOne } from './resizing.js';

const TARGET_MS = 1_000;

/** How writes fare while the cluster changes its size. */
export async function measureWrites(versions: readonly EtcdVersion[], { rounds }: Effort): Promise<Topic> {
  const measured: { readonly version: EtcdVersion; readonly worst: WriterReport }[] = [];
  for (const version of versions) {
    await using agents = await LocalAgents.create(version);
    await startSizedOne(agents);
    const reports: WriterReport[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const writer = SteadyWriter.start(agents.agents);
      for (const size of [5, 3]) {
        await agents.setSize(size);
        await agents.votingCount(size);
      }
      reports.push(await writer.stop());
      await agents.setSize(1);
      await agents.votingCount(1);
    }
    const [worst] = reports.sort((a, b) => b.stoppedMs - a.stoppedMs);
    if (worst !== undefined) measured.push({ version, worst });
  }
  return {
    title: 'Writes from outside during 1 → 5 → 3, the worst of the rounds',
    columns: ['writes', 'failed', 'lost', 'longest gap ms', 'stopped ms'],
    rows: measured.map(
      ({ version, worst }): Row => ({
        name: `etcd ${version}`,
        values: [
          worst.acknowledged,
          worst.failures.length,
          worst.lost.length,
          worst.longestGapMs,
          worst.stoppedMs,
        ],
      }),
    ),
    checks: measured.map(({ version, worst }) => ({
      what: `ms for which writes stop in total, etcd ${version}`,
      got: worst.stoppedMs,
      sense: 'at most',
      wanted: TARGET_MS,
    })),
    notes: [
      'stopped: the sum of all gaps between two acknowledgements that are longer than 100 ms; one writer, 5 ms between writes',
    ],
  };
}
