import test from 'ava';
import { Client, EtcdWorld, WorldError } from '../../../world/index.js';
import { absent, present, valueIs } from '../../../world/internal.js';
import { etcdVersions } from '../../fixtures/helpers/etcd-versions.js';
import { Etcd } from '../helpers/etcd.js';
import { etcdctl } from '../helpers/etcdctl.js';
import { bench, take, takeKeys } from '../helpers/fleet.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

test.serial(
  'a client sends nothing and cannot fail before its first call, except over what it is given',
  async (t) => {
    await using _ = Client.create({ endpoints: ['http://127.0.0.1:1'] });
    t.throws(() => Client.create({ endpoints: [] }), { instanceOf: WorldError, code: 'invalid' });
    t.throws(() => Client.create({ endpoints: ['gopher://x'] }), {
      instanceOf: WorldError,
      code: 'invalid',
    });
  },
);

test.serial('a key is read back with its revisions, in its namespace', async (t) => {
  const { client } = await bench(t, etcd);
  t.is(await client.get('/k'), undefined);
  await client.set('/k', Buffer.from([0, 255]));
  await client.set('/k', Buffer.from([1, 254]));
  const entry = await client.get('/k');
  t.like(entry, { key: '/k', version: 2n, lease: '0' });
  t.deepEqual(entry?.value, Buffer.from([1, 254]));
  t.true((entry?.createRevision ?? 0n) < (entry?.modRevision ?? 0n));
  t.true(await client.del('/k'));
  t.false(await client.del('/k'));
});

test.serial('namespaces do not see each other, nor what merely starts with their name', async (t) => {
  await using all = Client.create({ endpoints: [etcd.url] });
  await using inner = Client.create({ endpoints: [etcd.url], namespace: '/ns' });
  await all.set('/ns/a', '1');
  await all.set('/nsx', '2');
  t.deepEqual(
    (await inner.list('/')).entries.map((entry) => entry.key),
    ['/a'],
  );
  await inner.txn({ success: [{ delete: '/', prefix: true }] });
  t.is(await all.get('/ns/a'), undefined);
  t.is((await all.get('/nsx'))?.value.toString(), '2');
});

test.serial('a list of many keys is complete, sorted and of one revision', async (t) => {
  const { client } = await bench(t, etcd);
  const puts = Array.from({ length: 1250 }, (_, index) => ({
    put: `/many/${index}`,
    value: 'v'.repeat(2000),
  }));
  for (let from = 0; from < puts.length; from += 125)
    await client.txn({ success: puts.slice(from, from + 125) });
  const { entries, revision } = await client.list('/many/');
  t.deepEqual(
    entries.map((entry) => entry.key),
    puts.map((put) => put.put).sort(),
  );
  t.is(entries.at(-1)?.value.length, 2000);
  t.true(entries.every((entry) => entry.modRevision <= revision));
  t.is((await client.list('/many/', { keysOnly: true })).entries[0]?.value.length, 0);
  t.is((await client.list('/many/', { limit: 3 })).entries.length, 3);
  t.is(await client.delPrefix('/many/'), 1250);
});

test.serial('a transaction takes the branch that its comparisons choose', async (t) => {
  const { client } = await bench(t, etcd);
  const create = { compare: [absent('/t')], success: [{ put: '/t', value: 'a' }], failure: [{ get: '/t' }] };
  t.like(await client.txn(create), { succeeded: true, repeated: false });
  const again = await client.txn(create);
  t.false(again.succeeded);
  t.is(again.replies[0]?.entries[0]?.key, '/t');
  t.true((await client.txn({ compare: [present('/t'), valueIs('/t', 'a')] })).succeeded);
  t.false((await client.txn({ compare: [valueIs('/none', '')] })).succeeded);
});

test.serial('what etcd refuses has a code of its own', async (t) => {
  const { client } = await bench(t, etcd);
  const large = 'x'.repeat(1_600_000);
  await t.throwsAsync(client.set('/k', large), { code: 'too-large' });
  await t.throwsAsync(client.set('/k', large + large), { code: 'too-large' });
  const many = Array.from({ length: 129 }, (_, index) => ({ put: `/${index}`, value: '' }));
  await t.throwsAsync(client.txn({ success: many }), { code: 'too-large' });
  await t.throwsAsync(client.set('/k', 'x', { lease: '12345' }), { code: 'not-found' });
  const twice = [
    { put: '/k', value: '' },
    { put: '/k', value: '' },
  ];
  await t.throwsAsync(client.txn({ success: twice }), { code: 'invalid' });
  await t.throwsAsync(client.cluster.memberRemove('12345'), { code: 'not-found' });
  t.is(await client.get('/k'), undefined);
});

test.serial('a database that is full is told from a value that is too large', async (t) => {
  await using own = await Etcd.start(['--quota-backend-bytes', '100000']);
  await using client = Client.create({ endpoints: [own.url] });
  const error = await t.throwsAsync(
    (async () => {
      // etcd counts what it has committed to disk, which it does ten times a second.
      for (let index = 0; index < 2000; index += 1) await client.set('/k', 'x'.repeat(50_000));
    })(),
    { instanceOf: WorldError, code: 'no-space' },
  );
  t.regex(error?.message ?? '', /quota/);
});

for (const version of etcdVersions)
  test.serial(`a full etcd ${version} takes nothing that a transaction inside another writes`, async (t) => {
    await using own = await Etcd.start(['--quota-backend-bytes', '1000000'], version);
    await using direct = Client.create({ endpoints: [own.url] });
    const fill = async () => {
      for (let index = 0; index < 200; index += 1) await direct.set(`/full/${index}`, 'x'.repeat(50_000));
    };
    await using world = EtcdWorld.create({ seeds: [own.url], hostname: 'h1' });
    await world.resExport([{ kind: 'file', name: 'kept', data: 'before' }]);
    await t.throwsAsync(fill(), { code: 'no-space' });
    await t.throwsAsync(world.resExport([{ kind: 'file', name: 'more', data: 'x' }]), { code: 'no-space' });
    await t.throwsAsync(world.schedulerAdd('job', { persist: true }), { code: 'no-space' });
    const nested = { txn: { success: [{ put: '/k', value: 'v' }] } };
    await t.throwsAsync(direct.txn({ success: [nested] }), { code: 'no-space' });
    t.is(await direct.get('/k'), undefined);
    await world.resDelete([{ kind: 'file', name: 'kept' }]);
    t.deepEqual(await world.resCollect([{}]), []);
  });

test.serial('a key is read as it was at a revision, until that is compacted', async (t) => {
  const { client } = await bench(t, etcd);
  await client.set('/k', 'before');
  const { modRevision = 0n } = (await client.get('/k')) ?? {};
  await client.set('/k', 'after');
  t.is((await client.get('/k', { revision: modRevision }))?.value.toString(), 'before');
  await etcdctl(etcd, 'compact', String(modRevision + 1n));
  await t.throwsAsync(client.get('/k', { revision: modRevision }), {
    instanceOf: WorldError,
    code: 'compacted',
  });
});

test.serial(
  'a view adds its prefix, nests, and takes along only what is its own when it closes',
  async (t) => {
    const { client } = await bench(t, etcd);
    const view = client.namespace('/a').namespace('/b');
    await view.set('/k', 'x');
    t.is((await client.get('/a/b/k'))?.value.toString(), 'x');
    const session = await view.session({ ttlSeconds: 60 });
    await view.set('/bound', 'x', { lease: session.lease });
    const own = view.watch({ key: '/k' });
    const other = client.watch({ key: '/a/b/k' });
    await take(own);
    await take(other);
    const end = own.next();
    await view.close();
    t.true((await end).done);
    await t.throwsAsync(view.get('/k'), { code: 'closed' });
    t.is(await client.get('/a/b/bound'), undefined);
    await client.set('/a/b/k', 'y');
    t.deepEqual(await takeKeys(other, 1), ['/a/b/k']);
    const late = client.namespace('/c');
    await client.close();
    await t.throwsAsync(late.get('/k'), { code: 'closed' });
    await t.throwsAsync(client.namespace('/d').get('/k'), { code: 'closed' });
  },
);
