import { randomBytes } from 'node:crypto';
import test from 'ava';
import { defragMembers } from '../../../world/cluster/defrag-members.js';
import { Client, type Member, WorldError } from '../../../world/index.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import { Etcd } from '../helpers/etcd.js';

/** A client of one member, by its own address. */
function reach(opened: Client[]) {
  return async ({ clientUrls }: Member): Promise<Client> => {
    const client = Client.create({ endpoints: clientUrls });
    opened.push(client);
    return client;
  };
}

test.serial(
  'members are compacted and defragmented one after the other, the leader last, while others write',
  async (t) => {
    const cluster = await Etcd.cluster(3);
    t.teardown(() => Promise.all(cluster.map((one) => one[Symbol.asyncDispose]())));
    await using client = Client.create({ endpoints: cluster.map(({ url }) => url) });
    for (let n = 0; n < 12; n += 1) await client.set('/large', randomBytes(1_000_000));
    const leader = (await client.cluster.status()).leader;
    // The slowest member applies them later than the majority that acknowledged them.
    for (const { url } of cluster)
      await waitUntil(
        `${url} holds all`,
        async () => (await client.cluster.status(url)).dbSizeBytes > 12_000_000,
      );
    const order: string[] = [];
    let [writing, written] = [true, 0];
    const writer = (async () => {
      for (; writing; written += 1)
        await client.set(`/small/${written}`, 'x', { repeatable: true, timeoutMs: 60_000 });
    })();
    const opened: Client[] = [];
    const { members, alarm, compactedAt } = await defragMembers(client, {
      reach: reach(opened),
      onMember: ({ id }) => order.push(id),
    });
    writing = false;
    await writer;
    await Promise.all(opened.map((one) => one.close()));
    t.is(alarm, 'none');
    t.is(order.length, 3);
    t.is(order.at(-1), leader);
    t.deepEqual(
      members.map(({ id }) => id),
      order,
    );
    for (const { beforeBytes = 0, afterBytes = 0 } of members)
      t.true(afterBytes < beforeBytes - 6_000_000, `${beforeBytes} became ${afterBytes}`);
    t.true(written > 0);
    await t.throwsAsync(client.get('/large', { revision: compactedAt - 1n }), { code: 'compacted' });
  },
);

test.serial('nobody is defragmented whose pause would cost the others their majority', async (t) => {
  const cluster = await Etcd.cluster(3);
  t.teardown(() => Promise.all(cluster.map((one) => one[Symbol.asyncDispose]())));
  const [first, second, third] = cluster;
  await using client = Client.create({ endpoints: [first?.url ?? '', second?.url ?? ''] });
  await client.set('/k', 'v');
  await third?.kill();
  const opened: Client[] = [];
  const told: string[] = [];
  const defragging = defragMembers(client, {
    timeoutMs: 3000,
    reach: reach(opened),
    onMember: ({ name }) => told.push(name),
  });
  await t.throwsAsync(defragging, {
    instanceOf: WorldError,
    code: 'unavailable',
    message: /would have no quorum/,
  });
  await Promise.all(opened.map((one) => one.close()));
  t.deepEqual(told, []);
});
