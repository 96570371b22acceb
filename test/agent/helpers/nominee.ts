import type { EtcdVersion } from '../../../fixtures/fleet/install/etcd-binary.js';
import type { LocalAgent } from './local-agent.js';
import { LocalAgents } from './local-agents.js';
import { SteadyWriter, type WriterReport } from './steady-writer.js';

/** What came of a cluster of one whose first nominee is no good. */
export interface NomineeReport {
  readonly writer: WriterReport;
  /** How often the bad host was nominated. */
  readonly nominations: number;
  readonly voters: readonly string[];
  readonly stories: string;
}

/**
 * A cluster of one, whose next volunteer cannot serve, gets two more volunteers, and with them the wish for three
 * voters.
 *
 * @param sabotage starts the bad host.
 * @param nominated happens to the bad host as soon as it is nominated.
 */
export async function withBadNominee(
  version: EtcdVersion,
  sabotage: (bad: LocalAgent, seeds: readonly LocalAgent[]) => void,
  nominated: (bad: LocalAgent) => void,
): Promise<NomineeReport> {
  await using agents = await LocalAgents.create(version);
  const [first] = await agents.start('h1');
  if (first === undefined) throw new TypeError('one was started');
  const bad = await agents.add('bad');
  sabotage(bad, [first]);
  await agents.eventually('bad volunteers', async () => (await agents.hosts('/volunteer/')).includes('bad'));
  await using client = agents.clientOf(first);
  let nominations = 0;
  const ending = new AbortController();
  const watched = (async () => {
    for await (const item of client.watch({ key: '/nominated/bad' }, { signal: ending.signal })) {
      const puts = item.kind === 'events' ? item.events.filter(({ type }) => type === 'put').length : 0;
      if (puts > 0 && nominations === 0) nominated(bad);
      nominations += puts;
    }
  })();
  const writer = SteadyWriter.start([first]);
  for (const name of ['h2', 'h3']) (await agents.add(name)).start([first]);
  const voters = [...(await agents.voting('h1', 'h2', 'h3')).keys()].sort();
  const report = await writer.stop();
  ending.abort();
  await watched;
  return { writer: report, nominations, voters, stories: await agents.stories() };
}
