import test from 'ava';
import { EtcdWorld } from '../../../../world/index.js';
import { next } from '../../conformance/subject.js';
import { Etcd } from '../../helpers/etcd.js';
import { etcdctl } from '../../helpers/etcdctl.js';
import { bench, losingAnswer, take, takeKeys } from '../../helpers/fleet.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

test.serial('a map of many hosts that all change is read once and followed from the changes', async (t) => {
  const { client, direct } = await bench(t, etcd);
  let listings = 0;
  const list = client.list.bind(client);
  client.list = (prefix, options) => {
    listings += 1;
    return list(prefix, options);
  };
  const world = new EtcdWorld(client, 'h1');
  const maps = world.strMapFollow('load')[Symbol.asyncIterator]();
  t.is((await next(maps)).size, 0);
  for (let from = 0; from < 1000; from += 100) {
    const hosts = Array.from({ length: 100 }, (_, index) => `h${from + index}`);
    await Promise.all(hosts.map((host) => direct.set(`/strings/load/${host}`, host)));
  }
  let last = await next(maps);
  while (last.size < 1000) last = await next(maps);
  t.is(last.get('h999'), 'h999');
  t.is(listings, 1);
  await maps.return?.();
});

test.serial('a followed map shows each transaction whole', async (t) => {
  const { client, direct } = await bench(t, etcd);
  const world = new EtcdWorld(client, 'h1');
  const maps = world.strMapFollow('pair')[Symbol.asyncIterator]();
  await next(maps);
  const writing = (async () => {
    for (let value = 0; value < 50; value += 1) {
      const puts = ['a', 'b'].map((host) => ({ put: `/strings/pair/${host}`, value: String(value) }));
      await direct.txn({ success: puts });
    }
  })();
  for (;;) {
    const map = await next(maps);
    t.is(map.get('a'), map.get('b'));
    if (map.get('a') === '49') break;
  }
  await writing;
  await maps.return?.();
});

test.serial(
  'a followed map is complete again after a cut during which its changes were compacted',
  async (t) => {
    const { link, client, direct } = await bench(t, etcd);
    const world = new EtcdWorld(client, 'h1');
    await direct.set('/strings/load/h1', '1');
    await direct.set('/strings/load/h2', '1');
    const maps = world.strMapFollow('load')[Symbol.asyncIterator]();
    t.is((await next(maps)).size, 2);
    link.down();
    await direct.del('/strings/load/h1');
    await direct.set('/strings/load/h2', '2');
    const { revision } = await direct.list('/strings/');
    await etcdctl(etcd, 'compact', String(revision));
    link.up();
    t.deepEqual(await next(maps), new Map([['h2', '2']]));
    await direct.set('/strings/load/h3', '3');
    t.is((await next(maps)).size, 2);
    await maps.return?.();
  },
);

test.serial('a watch of resources misses nothing when its link is cut', async (t) => {
  const { link, client, direct } = await bench(t, etcd);
  const world = new EtcdWorld(client, 'h1');
  const other = new EtcdWorld(direct, 'h2');
  const pulses = world.resWatch('svc')[Symbol.asyncIterator]();
  await next(pulses);
  link.down();
  await other.resExport([{ kind: 'svc', name: 'n', host: 'h1', data: '' }]);
  await other.resDelete([{ kind: 'svc', name: 'n', host: 'h1' }]);
  link.up();
  await next(pulses);
  t.pass();
  await pulses.return?.();
});

test.serial(
  'an export whose answer is lost is written once, and does not claim that nothing changed',
  async (t) => {
    const on = await bench(t, etcd);
    const world = new EtcdWorld(on.client, 'h1');
    const entry = { kind: 'k', name: 'n', data: 'x' };
    t.true((await losingAnswer(on, '/exported/*/h1/k/n', () => world.resExport([entry]))).changed);
    t.is((await on.direct.get('/exported/*/h1/k/n'))?.version, 1n);
    t.false((await world.resExport([entry])).changed);
    t.true((await losingAnswer(on, '/exported/*/h1/k/n', () => world.resDelete([entry]))).changed);
  },
);

test.serial('resources with a TTL expire unless they are exported again', async (t) => {
  const { client, direct } = await bench(t, etcd);
  const world = new EtcdWorld(client, 'h1');
  const events = direct.watch({ key: '/exported/', prefix: true });
  await take(events);
  await world.resExport([{ kind: 'k', name: 'brief', data: '' }], { ttlSeconds: 1 });
  await world.resExport([{ kind: 'k', name: 'lasting', data: '' }], { ttlSeconds: 60 });
  const keys = await takeKeys(events, 3);
  t.deepEqual(keys, ['/exported/*/h1/k/brief', '/exported/*/h1/k/lasting', '/exported/*/h1/k/brief']);
  t.is((await world.resCollect([{}])).length, 1);
  await events.return?.();
});

test.serial('of many resources only those of the host are sent', async (t) => {
  const { client, direct } = await bench(t, etcd);
  const world = new EtcdWorld(client, 'h1');
  const sent = Array.from({ length: 2000 }, (_, n) => {
    return { kind: 'k', name: `n${n}`, host: `h${n % 20}`, data: String(n) };
  });
  await new EtcdWorld(direct, 'h2').resExport(sent);
  let read = 0;
  const together = client.listTogether.bind(client);
  client.listTogether = async (prefixes, options) => {
    const listing = await together(prefixes, options);
    read += listing.entries.length;
    return listing;
  };
  t.is((await world.resCollect([{ kind: 'k' }])).length, 100);
  t.is(read, 100);
});

test.serial('a collection of several pages is as of one moment', async (t) => {
  const { client, direct } = await bench(t, etcd);
  const world = new EtcdWorld(client, 'h1');
  const generation = (n: number) =>
    Array.from({ length: 60 }, (_, index) => `/exported/*/h2/k/n${String(index * 20).padStart(4, '0')}`).map(
      (key) => ({ put: key, value: String(n) }),
    );
  const filling = Array.from({ length: 1200 }, (_, n) => n).filter((n) => n % 20 !== 0);
  await new EtcdWorld(direct, 'h2').resExport(
    filling.map((n) => ({ kind: 'k', name: `n${String(n).padStart(4, '0')}`, data: 'filling' })),
  );
  await direct.txn({ success: generation(0) });
  let writing = true;
  const writer = (async () => {
    for (let n = 1; writing; n += 1) await direct.txn({ success: generation(n) });
  })();
  for (let time = 0; time < 10; time += 1) {
    const found = await world.resCollect([{ kind: 'k' }]);
    t.is(found.length, 1200);
    t.is(new Set(found.map(({ data }) => data)).size, 2);
  }
  writing = false;
  await writer;
});
