import test from 'ava';
import { EndpointSet } from '../../../../world/client/calls/endpoint-set.js';
import { Namespace } from '../../../../world/client/key-namespace.js';
import { iterateWatch, type WatchContext } from '../../../../world/client/watch/iterate-watch.js';
import { WatchMultiplexer } from '../../../../world/client/watch/watch-multiplexer.js';
import { Client, type WatchItem } from '../../../../world/index.js';
import { Etcd } from '../../helpers/etcd.js';
import { etcdctl } from '../../helpers/etcdctl.js';
import { bench, take, takeKeys, writeNumbered } from '../../helpers/fleet.js';
import { Link } from '../../helpers/link.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

function keys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `/n/${index}`);
}

/** Three on a machine with nothing else to do; one that is busy sends in several goes. One each would be a thousand. */
const FEW = 8;

test.serial(
  'a thousand watches are established in a few round trips, also after a cut, and wake only for their own keys',
  async (t) => {
    await using link = await Link.to(etcd.port, { delayMs: 50 });
    await using client = Client.create({ endpoints: [link.url], namespace: '/_mgmt' });
    await using direct = Client.create({ endpoints: [etcd.url], namespace: '/_mgmt' });
    const watches = keys(1000).map((key) => client.watch({ key }));
    const ready = await Promise.all(watches.map(take));
    t.true(ready.every((item) => item.kind === 'ready'));
    t.true(link.roundTrips <= FEW, `${link.roundTrips} round trips to set up`);

    const woken = watches.map((items) => takeKeys(items, 1));
    link.down();
    for (let from = 0; from < 1000; from += 100) {
      await direct.txn({
        success: keys(1000)
          .slice(from, from + 100)
          .map((put) => ({ put, value: '' })),
      });
    }
    link.up();
    t.deepEqual((await Promise.all(woken)).flat(), keys(1000));
    t.true(link.roundTrips <= FEW, `${link.roundTrips} round trips to have them back`);
  },
);

test.serial('watches that come and go on an open stream cost hardly a round trip', async (t) => {
  await using link = await Link.to(etcd.port, { delayMs: 50 });
  await using client = Client.create({ endpoints: [link.url], namespace: '/warm' });
  const first = client.watch({ key: '/n/0' });
  await take(first);
  const before = link.roundTrips;
  const others = keys(50).map((key) => client.watch({ key }));
  await Promise.all(others.map(take));
  t.true(link.roundTrips - before <= FEW, `${link.roundTrips - before} round trips`);
  for (const items of others) await items.return?.();
  await client.set('/n/0', 'x');
  t.deepEqual(await takeKeys(first, 1), ['/n/0']);
});

function small(endpoints: EndpointSet, closed: AbortSignal, namespace: string): WatchContext {
  const watches = new WatchMultiplexer({ endpoints, closed, log: undefined });
  return { watches, namespace: new Namespace(namespace), closed, maxBufferedBytes: 20_000 };
}

test.serial(
  'a slow reader holds up nobody, keeps little in memory, and gets everything when it catches up',
  async (t) => {
    const { direct } = await bench(t, etcd);
    const all = direct.namespace('/all');
    const endpoints = new EndpointSet([etcd.url], 'test');
    const closed = new AbortController();
    t.teardown(() => {
      closed.abort();
      endpoints.close();
    });
    const context = small(endpoints, closed.signal, '/slow');
    await using writer = Client.create({ endpoints: [etcd.url], namespace: '/slow' });
    const [slow, fast] = [1, 2].map(() => iterateWatch(context, { key: '/n/', prefix: true }, undefined));
    if (slow === undefined || fast === undefined) return t.fail();
    await take(slow);
    await take(fast);
    const written = await writeNumbered(writer, '/n/', 1000);
    t.deepEqual((await takeKeys(fast, 1000)).sort(), written);
    t.deepEqual((await takeKeys(slow, 1000)).sort(), written);

    await writeNumbered(writer, '/n/', 1000);
    await takeKeys(fast, 1000);
    const { revision } = await all.list('/');
    await etcdctl(etcd, 'compact', String(revision));
    const kept: number[] = [];
    let item: WatchItem = await take(slow);
    for (; item.kind === 'events'; item = await take(slow)) kept.push(item.events.length);
    t.is(item.kind, 'restarted');
    t.true(kept.length > 0);
    // The last message may exceed the limit, and holds as much as etcd put into it.
    const untilLast = kept.slice(0, -1).reduce((sum, count) => sum + count, 0);
    t.true(untilLast < 200, `${kept.join(' + ')} events were kept`);
  },
);

test.serial('a revision too large for one message comes whole', async (t) => {
  const { client, direct } = await bench(t, etcd);
  const value = 'x'.repeat(14_000);
  const puts = (round: number) => keys(100).map((put) => ({ put, value: `${round}${value}` }));
  const { revision } = await direct.list('/n/');
  for (let round = 0; round < 5; round += 1) await direct.txn({ success: puts(round) });
  const items = client.watch({ key: '/n/', prefix: true, fromRevision: revision + 1n });
  t.is((await take(items)).kind, 'ready');
  const rounds: string[] = [];
  while (rounds.length < 5) {
    const item = await take(items);
    if (item.kind !== 'events') return t.fail(item.kind);
    t.is(item.events.length % 100, 0);
    for (let from = 0; from < item.events.length; from += 100) {
      const events = item.events.slice(from, from + 100);
      t.is(new Set(events.map(({ entry }) => entry.modRevision)).size, 1);
      rounds.push(events[0]?.entry.value.toString('utf8', 0, 1) ?? '');
    }
  }
  t.deepEqual(rounds, ['0', '1', '2', '3', '4']);
});

test.serial('a watch that starts over leaves the others of its stream alone', async (t) => {
  const { client, direct } = await bench(t, etcd);
  const good = client.watch({ key: '/n/0' });
  await take(good);
  await direct.set('/n/1', 'x');
  const { revision } = await direct.list('/');
  await etcdctl(etcd, 'compact', String(revision));
  const late = client.watch({ key: '/n/1', fromRevision: 2n });
  t.is((await take(late)).kind, 'ready');
  t.is((await take(late)).kind, 'restarted');
  await direct.txn({
    success: [
      { put: '/n/0', value: 'x' },
      { put: '/n/1', value: 'x' },
    ],
  });
  t.deepEqual(await takeKeys(good, 1), ['/n/0']);
  t.deepEqual(await takeKeys(late, 1), ['/n/1']);
});
