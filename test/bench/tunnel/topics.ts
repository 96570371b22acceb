import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import { measureBulk } from './bulk.js';
import { measureCalls } from './calls.js';
import { measureDistance } from './distance.js';
import { measureFirstAnswer } from './first-answer.js';
import { Stand } from './stand.js';
import { direct, ours, sshForward } from './way.js';

/** Every topic of the tunnel, one after the other, or only those named. */
export async function* tunnelTopics(
  effort: Effort,
  say: (text: string) => void,
  only?: readonly string[],
): AsyncGenerator<Topic> {
  await using stand = await Stand.start();
  const topics: Record<string, () => AsyncGenerator<Topic>> = {
    calls: async function* () {
      await using way = await ours(stand);
      await using ssh = await sshForward(stand);
      yield* measureCalls([direct(stand), ssh, way], effort);
    },
    bulk: async function* () {
      await using way = await ours(stand);
      await using ssh = await sshForward(stand);
      yield* measureBulk([direct(stand), ssh, way], effort);
    },
    first: () => measureFirstAnswer(stand, effort),
    distance: () => measureDistance(stand, effort),
  };
  for (const [name, topic] of Object.entries(topics)) {
    if (only !== undefined && !only.includes(name)) continue;
    say(`measuring ${name}…\n`);
    yield* topic();
  }
}
