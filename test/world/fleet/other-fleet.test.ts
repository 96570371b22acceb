import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { Client, type FleetIdentity, txnInBatches, WorldError } from '../../../world/index.js';
import { absent, getFleet, makeFleet, raiseGeneration, valueIs } from '../../../world/internal.js';
import { Etcd } from '../helpers/etcd.js';

const namespace = '/_mgmt';
const fleetA: FleetIdentity = { uuid: randomUUID(), generation: 1 };
const fleetB: FleetIdentity = { uuid: randomUUID(), generation: 1 };
let a: Etcd;
let b: Etcd;

test.before(async () => {
  [a, b] = await Promise.all([Etcd.start(), Etcd.start()]);
});
test.beforeEach(async () => {
  for (const [etcd, fleet] of [
    [a, fleetA],
    [b, fleetB],
  ] as const) {
    await using plain = Client.create({ endpoints: [etcd.url], fleet: 'any' });
    await plain.delPrefix('');
    await using client = Client.create({ endpoints: [etcd.url], namespace });
    await makeFleet(client, fleet);
  }
});
test.after.always(async () => {
  await a?.[Symbol.asyncDispose]();
  await b?.[Symbol.asyncDispose]();
});

async function revisionOf(etcd: Etcd): Promise<bigint> {
  await using client = Client.create({ endpoints: [etcd.url], fleet: 'any' });
  return (await client.cluster.status()).revision;
}

/** Every way to change something by a client. */
const writes: Record<string, (client: Client) => Promise<unknown>> = {
  set: (client) => client.set('/x', '1'),
  'set in bulk': (client) => client.set('/x', '1', { bulk: true }),
  setIfChanged: (client) => client.setIfChanged('/x', '1'),
  del: (client) => client.del('/hawser/fleet'),
  delIfThere: (client) => client.delIfPresent('/hawser/fleet'),
  delPrefix: (client) => client.delPrefix('/hawser'),
  txn: (client) => client.txn({ success: [{ put: '/x', value: '1' }] }),
  'txn that writes when its comparison fails': (client) =>
    client.txn({ compare: [valueIs('/x', 'never')], failure: [{ put: '/x', value: '1' }] }),
  'txn inside a txn': (client) =>
    client.txn({ failure: [], success: [{ txn: { success: [{ put: '/x', value: '1' }] } }] }),
  batches: (client) => txnInBatches(client, [{ put: '/x', value: '1' }]),
  'a view': (client) => client.namespace('/deep/er').set('/x', '1'),
  'a session': async (client) => {
    const session = await client.session();
    await client.set('/x', '1', { lease: session.lease });
  },
  memberAdd: (client) => client.cluster.memberAdd(['http://127.0.0.1:1'], { learner: true }),
  raiseGeneration: (client) => raiseGeneration(client),
};

test.serial('no write changes anything in another fleet, and each is refused by name', async (t) => {
  const before = await revisionOf(b);
  for (const [what, write] of Object.entries(writes)) {
    await using client = Client.create({ endpoints: [b.url], namespace, fleet: fleetA });
    const error = await t.throwsAsync(write(client), { instanceOf: WorldError }, what);
    t.is(error?.code, 'other-fleet', what);
    t.regex(
      error?.message ?? '',
      new RegExp(`${b.url} belongs to fleet ${fleetB.uuid}.*not to fleet ${fleetA.uuid}`),
      what,
    );
    t.is(await revisionOf(b), before, what);
  }
  await using plain = Client.create({ endpoints: [b.url], fleet: 'any' });
  t.is((await plain.cluster.members()).length, 1);
});

test.serial(
  'an endpoint of another fleet is passed by for those of the right one, and named once',
  async (t) => {
    const before = await revisionOf(b);
    const said: string[] = [];
    await using client = Client.create({
      ...{ endpoints: [b.url, a.url], namespace, fleet: fleetA },
      log: (level, message) => level === 'warn' && said.push(message),
    });
    for (let round = 0; round < 3; round += 1) {
      for (const write of Object.values(writes).slice(0, 3)) await write(client);
      t.is((await client.get('/x'))?.value.toString(), '1');
      t.deepEqual(client.fleet, fleetA);
    }
    t.is(await revisionOf(b), before);
    t.is(said.length, 1);
    t.regex(said[0] ?? '', new RegExp(`${b.url} belongs to fleet ${fleetB.uuid}`));
  },
);

test.serial(
  'endpoints of two fleets are refused when nobody says which is meant; neither is changed',
  async (t) => {
    const before = [await revisionOf(a), await revisionOf(b)];
    for (const endpoints of [
      [a.url, b.url],
      [b.url, a.url],
    ])
      for (const use of [
        ...Object.values(writes),
        (one: Client) => one.get('/x'),
        (one: Client) => one.cluster.members(),
      ]) {
        await using client = Client.create({ endpoints, namespace });
        const error = await t.throwsAsync(use(client), { instanceOf: WorldError });
        t.is(error?.code, 'other-fleet');
        t.true(error?.message.includes(a.url) && error.message.includes(b.url), error?.message);
      }
    t.deepEqual([await revisionOf(a), await revisionOf(b)], before);
  },
);

test.serial(
  'a client that is led to another fleet in mid-session reads, writes and watches nothing there',
  async (t) => {
    await using client = Client.create({ endpoints: [a.url], namespace });
    await using there = Client.create({ endpoints: [b.url], namespace });
    await client.set('/x', 'ours');
    const over = new AbortController();
    const seen: string[] = [];
    const has = async (what: string) => {
      while (!seen.includes(what)) await delay(5);
    };
    const watching = (async () => {
      for await (const item of client.watch({ key: '/x' }, { signal: over.signal }))
        if (item.kind === 'events') seen.push(...item.events.map(({ entry }) => entry.value.toString()));
        else seen.push(item.kind);
    })();
    await has('ready');
    client.setEndpoints([b.url]);
    const before = await revisionOf(b);
    for (const use of [
      ...Object.values(writes),
      (one: Client) => one.get('/x'),
      (one: Client) => one.list('/'),
    ]) {
      const error = await t.throwsAsync(use(client), { instanceOf: WorldError });
      t.is(error?.code, 'other-fleet', error?.message);
    }
    t.is(await revisionOf(b), before);
    await there.set('/x', 'theirs');
    client.setEndpoints([a.url]);
    await client.set('/x', 'ours again');
    await has('ours again');
    over.abort();
    await watching;
    t.false(seen.includes('theirs'), seen.join());
  },
);

test.serial('a fleet that was recovered is gone on with, at the start and in mid-session', async (t) => {
  await using client = Client.create({ endpoints: [a.url], namespace });
  await client.set('/x', '1');
  await using other = Client.create({ endpoints: [a.url], namespace });
  t.deepEqual(await raiseGeneration(other), { ...fleetA, generation: 2 });
  await client.set('/x', '2');
  t.deepEqual(client.fleet, { ...fleetA, generation: 2 });
  await using later = Client.create({ endpoints: [a.url], namespace, fleet: fleetA });
  await later.set('/x', '3');
  t.deepEqual(later.fleet, { ...fleetA, generation: 2 });
  t.deepEqual(await getFleet(client), { ...fleetA, generation: 2 });
});

test.serial('what a recovery left behind is refused, though its cluster has the same id', async (t) => {
  const recovered = { ...fleetA, generation: 2 };
  const before = await revisionOf(a);
  await using client = Client.create({ endpoints: [a.url], namespace, fleet: recovered });
  for (const use of [...Object.values(writes), (one: Client) => one.get('/x')]) {
    const error = await t.throwsAsync(use(client), { instanceOf: WorldError });
    t.is(error?.code, 'other-fleet');
  }
  t.is(await revisionOf(a), before);
});

test.serial('the comparisons of a caller tell what they told before', async (t) => {
  await using client = Client.create({ endpoints: [a.url], namespace });
  await client.set('/x', '1');
  const held = await client.txn({
    compare: [valueIs('/x', '1')],
    success: [{ get: '/x' }],
    failure: [{ get: '/y' }],
  });
  t.true(held.succeeded);
  t.is(held.replies[0]?.entries[0]?.value.toString(), '1');
  const failed = await client.txn({ compare: [absent('/x')], failure: [{ get: '/x' }, { get: '/y' }] });
  t.false(failed.succeeded);
  t.deepEqual(
    failed.replies.map(({ count }) => count),
    [1, 0],
  );
  const written = await client.txn({
    compare: [absent('/x')],
    failure: [{ put: '/x', value: '2' }, { get: '/x' }],
  });
  t.false(written.succeeded);
  t.is(written.replies[1]?.entries[0]?.value.toString(), '2');
  t.false((await client.txn({ compare: [absent('/x')], success: [{ put: '/x', value: '3' }] })).succeeded);
  const most = Array.from({ length: 128 }, (_, index) => ({ put: `/many/${index}`, value: 'v' }));
  t.is((await client.txn({ success: most })).replies.length, 128);
});
