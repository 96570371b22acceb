import test from 'ava';
import { Client } from '../../../world/index.js';
import { Etcd } from '../../world/helpers/etcd.js';
import { LocalAgents } from '../helpers/local-agents.js';

test('agents that leave at the same time leave a server that is not theirs with a quorum', async (t) => {
  await using foreign = await Etcd.start();
  await using agents = await LocalAgents.create('3.5');
  await using client = Client.create({ endpoints: [foreign.url], namespace: '/_mgmt' });
  const hosts = [await agents.add('h1'), await agents.add('h2')];
  for (const host of hosts) host.start([], ['--seeds', foreign.url]);
  await agents.eventually('all three vote', async () => {
    const members = await client.cluster.members();
    return members.length === 3 && members.every(({ isLearner, name }) => !isLearner && name !== '');
  });
  for (const host of hosts) host.signal('SIGTERM');
  t.deepEqual(await Promise.all(hosts.map((host) => host.ended())), [
    { code: 0, signal: null },
    { code: 0, signal: null },
  ]);
  for (const host of hosts) t.regex(host.log, new RegExp(`${host.name} has left the cluster`));
  t.deepEqual(
    (await client.cluster.members()).map(({ name }) => name),
    ['m1'],
  );
  await client.set('/still', 'writable', { timeoutMs: 5000 });
});

test('a host that is named as a member of somebody else says so once', async (t) => {
  await using foreign = await Etcd.start();
  await using agents = await LocalAgents.create('3.5');
  await using client = Client.create({ endpoints: [foreign.url], namespace: '/_mgmt' });
  const host = await agents.add('m1');
  host.start([], ['--seeds', foreign.url]);
  const waiting = /waiting until the cluster has removed the earlier member of m1/g;
  await host.logged(waiting);
  // It looks twice a second: the key goes after some six looks.
  const lease = await client.leaseFor('clock', 3);
  await client.set('/clock', '', { lease });
  for await (const item of client.watch({ key: '/clock' }))
    if (item.kind === 'events' && item.events.some(({ type }) => type === 'delete')) break;
  t.is(host.log.match(waiting)?.length, 1);
});
