import test from 'ava';
import { EndpointSet } from '../../../../world/client/calls/endpoint-set.js';
import { Namespace } from '../../../../world/client/key-namespace.js';
import { iterateWatch } from '../../../../world/client/watch/iterate-watch.js';
import { WatchMultiplexer } from '../../../../world/client/watch/watch-multiplexer.js';
import { Client, SESSION_TTL_SECONDS, WorldError } from '../../../../world/index.js';
import { Etcd } from '../../helpers/etcd.js';
import { etcdctl } from '../../helpers/etcdctl.js';
import { bench, take, takeKeys, writeNumbered } from '../../helpers/fleet.js';
import { Link } from '../../helpers/link.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

test.serial(
  'events come in whole revisions, without the namespace, from the revision asked for',
  async (t) => {
    const { client } = await bench(t, etcd);
    await client.set('/a/1', 'one');
    const { revision } = await client.list('/a/');
    await client.txn({
      success: [
        { put: '/a/2', value: 'two' },
        { put: '/a/3', value: 'three' },
      ],
    });
    await client.del('/a/1');
    const items = client.watch({ key: '/a/', prefix: true, fromRevision: revision + 1n });
    t.is((await take(items)).kind, 'ready');
    const events = [];
    while (events.length < 3) {
      const item = await take(items);
      if (item.kind !== 'events') return t.fail(item.kind);
      events.push(...item.events.map(({ type, entry }) => `${type} ${entry.key} ${entry.value.toString()}`));
    }
    t.deepEqual(events, ['put /a/2 two', 'put /a/3 three', 'delete /a/1 ']);
    await items.return?.();
  },
);

test.serial('no event is lost or doubled when the link is cut again and again during catch-up', async (t) => {
  const { client, direct, link } = await bench(t, etcd);
  const { revision } = await direct.list('/n/');
  const items = client.watch({ key: '/n/', prefix: true, fromRevision: revision + 1n });
  t.is((await take(items)).kind, 'ready');
  link.down();
  const written = await writeNumbered(direct, '/n/', 3500);
  link.up();
  let batches = 0;
  const seen = await takeKeys(items, written.length, () => {
    batches += 1;
    if (batches < 4) link.cut();
  });
  t.true(batches >= 3, `${batches} batches`);
  t.deepEqual(seen.sort(), [...written].sort());
  await items.return?.();
});

test.serial('no event is lost or doubled while the link is cut under steady writing', async (t) => {
  const { client, direct, link } = await bench(t, etcd);
  const items = client.watch({ key: '/n/', prefix: true });
  t.is((await take(items)).kind, 'ready');
  const writing = (async () => {
    const keys: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      keys.push(...(await writeNumbered(direct, `/n/${round}/`, 100)));
      link.cut();
    }
    return keys;
  })();
  const seen = await takeKeys(items, 1000);
  t.deepEqual(seen.sort(), (await writing).sort());
  await items.return?.();
});

test.serial('a watch survives a restart of etcd', async (t) => {
  await using own = await Etcd.start();
  const { client, direct } = await bench(t, own);
  const items = client.watch({ key: '/n/', prefix: true });
  t.is((await take(items)).kind, 'ready');
  await own.kill();
  await own.restart();
  await direct.set('/n/1', 'after');
  t.deepEqual(await takeKeys(items, 1), ['/n/1']);
  await items.return?.();
});

test.serial(
  'after a compaction the watch says that it was restarted, and from there misses nothing',
  async (t) => {
    await using own = await Etcd.start();
    const { client, direct, link } = await bench(t, own);
    const items = client.watch({ key: '/n/', prefix: true });
    t.is((await take(items)).kind, 'ready');
    link.down();
    await writeNumbered(direct, '/n/', 20);
    const { revision } = await direct.list('/n/');
    await etcdctl(own, 'compact', String(revision));
    link.up();
    t.deepEqual(await take(items), { kind: 'restarted', revision });
    await direct.set('/n/after', 'x');
    t.deepEqual(await takeKeys(items, 1), ['/n/after']);
    await items.return?.();
  },
);

test.serial('a watch from a compacted revision starts over instead of failing', async (t) => {
  await using own = await Etcd.start();
  const { client, direct } = await bench(t, own);
  await writeNumbered(direct, '/n/', 20);
  const { revision } = await direct.list('/n/');
  await etcdctl(own, 'compact', String(revision));
  const items = client.watch({ key: '/n/', prefix: true, fromRevision: 2n });
  t.is((await take(items)).kind, 'ready');
  t.deepEqual(await take(items), { kind: 'restarted', revision });
  await items.return?.();
});

test.serial('a watch ends at once on a link that died silently', async (t) => {
  const { client, link } = await bench(t, etcd);
  const controller = new AbortController();
  const aborted = client.watch({ key: '/a' }, { signal: controller.signal });
  const left = client.watch({ key: '/b' });
  await take(aborted);
  await take(left);
  link.blackHole();
  const pending = [aborted.next(), left.next()];
  controller.abort();
  t.true((await pending[0])?.done);
  await left.return?.();
  t.true((await pending[1])?.done);
});

test.serial('a watch whose signal has aborted before returns without an item', async (t) => {
  const { client } = await bench(t, etcd);
  const items = client.watch({ key: '/a' }, { signal: AbortSignal.abort() });
  t.true((await items.next()).done);
});

test.serial('a reader that is slow gets everything, later', async (t) => {
  const { client, direct } = await bench(t, etcd);
  const items = client.watch({ key: '/n/', prefix: true });
  t.is((await take(items)).kind, 'ready');
  const written = await writeNumbered(direct, '/n/', 2000);
  t.deepEqual((await takeKeys(items, 2000)).sort(), [...written].sort());
  await items.return?.();
});

test.serial('a watch follows the client to other endpoints and misses nothing', async (t) => {
  const { client, direct, link } = await bench(t, etcd);
  const items = client.watch({ key: '/n/', prefix: true });
  t.is((await take(items)).kind, 'ready');
  link.blackHole();
  await direct.set('/n/1', 'x');
  client.setEndpoints([etcd.url]);
  await direct.set('/n/2', 'x');
  t.deepEqual(await takeKeys(items, 2), ['/n/1', '/n/2']);
  t.deepEqual(client.endpoints, [etcd.url]);
  await items.return?.();
});

test.serial('a watch without permission fails and says so', async (t) => {
  await using own = await Etcd.start();
  await etcdctl(own, 'user', 'add', 'root:secret');
  await etcdctl(own, 'auth', 'enable');
  await using client = Client.create({ endpoints: [own.url] });
  await t.throwsAsync(client.watch({ key: '/a' }).next(), {
    instanceOf: WorldError,
    code: 'permission-denied',
  });
  await t.throwsAsync(client.get('/a'), { instanceOf: WorldError, code: 'permission-denied' });
  await t.throwsAsync(client.set('/a', ''), { instanceOf: WorldError, code: 'permission-denied' });
});

test.serial('an idle stream is probed, kept while it answers and replaced when it does not', async (t) => {
  await using link = await Link.to(etcd.port);
  const endpoints = new EndpointSet([link.url, etcd.url], 'test');
  const said: string[] = [];
  const closed = new AbortController();
  const watches = new WatchMultiplexer({
    endpoints,
    closed: closed.signal,
    log: (_: string, message: string) => void said.push(message),
    heartbeat: { idleMs: 50, answerMs: 1000 },
  });
  const context = { watches, namespace: new Namespace('/silence'), closed: closed.signal };
  const { client: tick } = await bench(t, etcd);
  await using direct = Client.create({ endpoints: [etcd.url], namespace: '/silence' });
  const items = iterateWatch(context, { key: '/n/', prefix: true }, undefined);
  t.is((await take(items)).kind, 'ready');
  const first = takeKeys(items, 1);
  // Each write is a round trip to disk, so the silence is broken by probes many times.
  for (let count = 0; count < 100; count += 1) await tick.set('/elsewhere', String(count));
  t.deepEqual(said, []);
  await direct.set('/n/1', 'x');
  t.deepEqual(await first, ['/n/1']);
  link.blackHole();
  await direct.set('/n/2', 'x');
  t.deepEqual(await takeKeys(items, 1), ['/n/2']);
  t.is(said.length, 1);
  closed.abort();
  t.true((await items.next()).done);
  endpoints.close();
});

test.serial('a stream that never answers is replaced sooner than one that stops answering', async (t) => {
  await using link = await Link.to(etcd.port);
  link.blackHole();
  const endpoints = new EndpointSet([link.url, etcd.url], 'test');
  const closed = new AbortController();
  const heartbeat = { firstAnswerMs: 50, answerMs: 600_000, idleMs: 600_000 };
  const watches = new WatchMultiplexer({ endpoints, closed: closed.signal, log: undefined, heartbeat });
  const context = { watches, namespace: new Namespace('/unheard'), closed: closed.signal };
  const items = iterateWatch(context, { key: '/n/', prefix: true }, undefined);
  t.is((await take(items)).kind, 'ready');
  closed.abort();
  t.true((await items.next()).done);
  endpoints.close();
});

test.serial(
  'a watch leaves a server that stopped answering before the keys of a dead host expire',
  async (t) => {
    const [frozen, ...others] = await Etcd.cluster(3);
    const [other] = others;
    if (frozen === undefined || other === undefined) return t.fail();
    const namespace = '/frozen';
    await using client = Client.create({ endpoints: [frozen.url, other.url], namespace });
    await using direct = Client.create({ endpoints: others.map(({ url }) => url), namespace });
    try {
      const items = client.watch({ key: '/n/', prefix: true });
      t.is((await take(items)).kind, 'ready');
      frozen.freeze();
      const order: string[] = [];
      const lease = await direct.leaseFor('host', SESSION_TTL_SECONDS);
      await direct.set('/host', 'alive', { lease });
      const gone = direct.watch({ key: '/host' });
      await take(gone);
      await direct.set('/n/1', 'x');
      await Promise.all([
        takeKeys(items, 1).then((keys) => order.push(...keys)),
        takeKeys(gone, 1).then(() => order.push('gone')),
      ]);
      t.deepEqual(order, ['/n/1', 'gone']);
      await Promise.all([items.return?.(), gone.return?.()]);
    } finally {
      await Promise.all([frozen, ...others].map((etcd) => etcd[Symbol.asyncDispose]()));
    }
  },
);
