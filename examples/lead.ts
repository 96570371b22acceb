/**
 * Does something on one machine at a time: campaigns in an election of the fleet, works while it leads, and ends when it has
 * lost the leadership or gets Ctrl-C. Another copy takes over at once; if this one dies, ten seconds later.
 *
 *     node lead.js root@web1 nightly-report
 */
import { once } from 'node:events';
import { hostname } from 'node:os';
import { SshWorld } from 'hawser';

const [ssh = 'root@web1', election = 'nightly-report', seed = 'unix:///run/hawser/etcd.sock'] =
  process.argv.slice(2);

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
const { signal } = interrupt;

await using world = await SshWorld.open({ ssh, seeds: [seed] }, { signal });

// Waits for its turn, however long that takes. The value is what others see of the leader.
await using leadership = await world.campaign(election, { value: `${hostname()} ${process.pid}`, signal });
console.log(`${await world.leader(election)} leads`);

// What only the leader may do stops here. A write of the leader adds `leadership.fence` to its transaction: etcd then refuses
// it once somebody else leads, even if this program has not noticed.
await once(AbortSignal.any([signal, leadership.lost]), 'abort');
console.log('not any more');
