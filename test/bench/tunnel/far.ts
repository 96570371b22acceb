import { SshWorld } from '../../../world/index.js';
import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import { type Mover, measureBulkAt } from './distance.js';
import { FarPlace } from './far-place.js';
import { measureAnswers } from './first-answer.js';
import { Stand } from './stand.js';
import { direct, ours, sshForward, tunnelOptions } from './way.js';

const ROUND_TRIPS_MS = [40, 167];
const BY = ', real TCP';

/** What depends on TCP from end to end: the first answer, and bulk, over a delay between two network namespaces. */
export async function* measureFar(effort: Effort, say: (text: string) => void): AsyncGenerator<Topic> {
  const missing = await FarPlace.missing();
  if (missing.length > 0) {
    say(`left out: two network namespaces with a delay between them need ${missing.join(', ')}\n`);
    return;
  }
  for (const roundTripMs of effort.isQuick ? ROUND_TRIPS_MS.slice(-1) : ROUND_TRIPS_MS) {
    await using place = await FarPlace.at(roundTripMs);
    await using stand = await Stand.start(place);
    const ports = { ssh: stand.sshd.port, etcd: stand.etcd.port };
    const turns = effort.isQuick ? 1 : effort.rounds;
    yield await measureAnswers(stand, { ports, roundTripMs, turns, by: BY });
    await using ssh = await sshForward(stand);
    await using mine = await ours(stand);
    await using world = await SshWorld.open({
      ssh: tunnelOptions(stand),
      seeds: [`http://127.0.0.1:${stand.etcd.port}`],
      namespace: '',
    });
    const movers: Mover[] = [
      { name: 'direct, one connection', way: direct(stand), bulk: false },
      { name: 'ssh -L, one connection', way: ssh, bulk: false },
      { name: 'ours, one connection', way: mine, bulk: true },
      // A view of its own each time, over the connections that stay open.
      { name: 'ours', way: mine, bulk: true, connect: async () => world.client.namespace('') },
    ];
    const bulk = await measureBulkAt(roundTripMs, movers, effort);
    yield { ...bulk, title: `${bulk.title}${BY}` };
  }
}
