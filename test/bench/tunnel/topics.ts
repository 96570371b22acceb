import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import { measureBulk } from './bulk.js';
import { measureCalls } from './calls.js';
import { measureClients } from './clients.js';
import { measureCost } from './cost.js';
import { measureDistance } from './distance.js';
import { measureFar } from './far.js';
import { measureFirstAnswer } from './first-answer.js';
import { measureManyHosts } from './many-hosts.js';
import { Stand } from './stand.js';
import { direct, ours, sshForward, type Way } from './way.js';

/** Every topic of the tunnel, one after the other, or only those named. */
export async function* tunnelTopics(
  effort: Effort,
  say: (text: string) => void,
  only?: readonly string[],
): AsyncGenerator<Topic> {
  const topics: Record<string, (stand: Stand) => AsyncGenerator<Topic>> = {
    calls: (stand) => amongWays(stand, (ways) => measureCalls(ways, effort)),
    bulk: (stand) =>
      amongWays(stand, async function* (ways) {
        await using overTcp = await ours(stand, { overTcp: true });
        yield* measureBulk([...ways, overTcp], effort);
      }),
    first: (stand) => measureFirstAnswer(stand, effort),
    cost: (stand) => amongWays(stand, (ways) => measureCost(stand, ways, effort)),
    clients: (stand) => measureClients(stand, effort),
    hosts: () => measureManyHosts(effort),
    distance: (stand) => measureDistance(stand, effort),
    far: () => measureFar(effort, say),
  };
  for (const [name, topic] of Object.entries(topics)) {
    if (only !== undefined && !only.includes(name)) continue;
    say(`measuring ${name}…\n`);
    // A fresh one each, for every value written stays in memory.
    await using stand = await Stand.start();
    yield* topic(stand);
  }
}

/** All the ways that a client on this machine has, side by side. */
async function* amongWays(
  stand: Stand,
  measure: (ways: readonly Way[]) => AsyncGenerator<Topic>,
): AsyncGenerator<Topic> {
  await using ssh = await sshForward(stand);
  await using mine = await ours(stand);
  await using overOpenSsh = await ours(stand, { transport: 'openssh' });
  yield* measure([direct(stand), ssh, mine, overOpenSsh]);
}
