import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EtcdWorld, WorldError, type WorldOptions } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { scratch } from './helpers/pair.js';

let etcd: Etcd;
let made = 0;

test.before(async () => {
  etcd = await Etcd.start();
});
test.after.always(() => etcd?.[Symbol.asyncDispose]());

/** Opens Worlds of one fleet, each with prefixes of its own. */
function fleet(t: ExecutionContext): (options?: WorldOptions) => Promise<EtcdWorld> {
  made += 1;
  const namespace = `/places${made}`;
  return async (options = {}) => {
    const world = await EtcdWorld.open({ seeds: [etcd.url], namespace, ...options });
    t.teardown(() => world.close());
    return world;
  };
}

async function count(world: EtcdWorld, prefix: string): Promise<number> {
  return (await world.client.list(prefix, { keysOnly: true })).entries.length;
}

/** So many names that the directory's list is in blocks of its own. */
async function fill(world: EtcdWorld, uri: string): Promise<void> {
  const fs = world.fs(uri);
  await fs.batch(async () => {
    for (let n = 0; n < 3000; n += 1) await fs.writeFile(`/${'long'.repeat(20)}${n}`, '');
    await fs.writeFile('/content', randomBytes(300_000));
  });
}

test('a file system is kept under the prefixes of its World, and the World names and counts it there', async (t) => {
  const open = fleet(t);
  const world = await open({ metadataPrefix: '/team/files', storagePrefix: '/team-blocks' });
  t.is(world.uri(), 'etcdfs:///team/files/shared');
  const fs = world.fs(world.uri());
  const content = randomBytes(300_000);
  await fs.writeFile('/file', content);
  t.not(await world.client.get('/team/files/shared'), undefined);
  const blocks = await count(world, '/team-blocks/');
  t.true(blocks > 0);
  t.not(await world.client.get('/team-blocks-committed'), undefined);
  for (const prefix of ['/fs/', '/storage']) t.is(await count(world, prefix), 0, prefix);
  t.like(await world.fsUsage(), { blocks, fileSystems: ['etcdfs:///team/files/shared'] });
  const other = await open({ metadataPrefix: '/team/files', storagePrefix: '/team-blocks' });
  t.true((await other.fs(world.uri()).readFile('/file')).equals(content));
  t.like(await (await open()).fsUsage(), { blocks: 0, fileSystems: [] });
  const refused = { instanceOf: WorldError, code: 'invalid', message: /start with \/team\/files\// };
  t.throws(() => world.fs('etcdfs:///fs/shared'), refused);
});

test('trees of deploys are kept at the default prefixes whatever a World says, where agents find them', async (t) => {
  const open = fleet(t);
  const folder = await scratch(t);
  await writeFile(path.join(folder, 'file'), randomBytes(1000));
  const world = await open({ storagePrefix: '/blocks' });
  const { tree } = await world.putTree(folder);
  t.is((await world.fs(`etcdfs:///fs/deploy/${tree}`).readFile('/file')).length, 1000);
  t.is(await count(world, '/blocks'), 0);
  await (await open()).getTree(tree, path.join(folder, 'out'));
});

for (const [title, options, uri] of [
  ['another metadata prefix', { metadataPrefix: '/other' }, 'etcdfs:///other/site'],
  ['a metadata prefix within the default one', { metadataPrefix: '/fs/team' }, 'etcdfs:///fs/team/site'],
  ['another storage prefix', { storagePrefix: '/blocks' }, 'etcdfs:///fs/site'],
  ['both', { metadataPrefix: '/other', storagePrefix: '/blocks' }, 'etcdfs:///other/site'],
] as const)
  test(`gc of a World takes nothing from file systems under ${title}, nor the other way round`, async (t) => {
    const open = fleet(t);
    const [usual, other] = [await open(), await open(options)];
    const tree = await scratch(t);
    await writeFile(path.join(tree, 'file'), randomBytes(1000));
    await usual.putTree(tree);
    await fill(usual, 'etcdfs:///fs/shared');
    await fill(other, uri);
    const before = [await count(usual, '/storage/'), await count(usual, '/blocks/')];
    for (const world of [usual, other]) t.like(await world.fsGc(), { freed: 0, trees: 0 });
    t.deepEqual([await count(usual, '/storage/'), await count(usual, '/blocks/')], before);

    await other.fs(uri).rm('/content');
    const { freed } = await other.fsGc();
    t.true(freed > 0);
    t.is((await other.fs(uri).readdir('/')).length, 3000);
    t.is((await (await open()).fs('etcdfs:///fs/shared').readFile('/content')).length, 300_000);
  });

test('gc frees nothing while it cannot tell where file systems are kept, or a directory list is lost', async (t) => {
  const open = fleet(t);
  const [usual, other] = [await open(), await open({ storagePrefix: '/blocks' })];
  await fill(other, 'etcdfs:///fs/site');
  await usual.fs('etcdfs:///fs/shared').writeFile('/gone', randomBytes(1000));
  await usual.fs('etcdfs:///fs/shared').rm('/gone');
  const places = await usual.client.list('/hawser/fs-places/');
  t.is(places.entries.length, 1);
  await usual.client.set('/hawser/fs-places/0', '{"metadataPrefix":');
  await t.throwsAsync(usual.fsGc(), { code: 'invalid', message: /fs-places\/0 cannot be read/ });
  await usual.client.del('/hawser/fs-places/0');
  await usual.client.delPrefix('/blocks/');
  await t.throwsAsync(usual.fsGc(), { code: 'not-found', message: /\/fs\/site/ });
  t.is(await count(usual, '/storage/'), 1);
});

test('prefixes that cannot be, or where something else is kept, are refused', (t) => {
  const options = { seeds: [etcd.url], hostname: 'h1' };
  for (const [metadataPrefix, storagePrefix] of [
    ['', undefined],
    ['/', undefined],
    ['fs', undefined],
    ['/fs/', undefined],
    ['/a//b', undefined],
    ['/a/../b', undefined],
    ['/a?b', undefined],
    ['/a\0', undefined],
    ['/strings', undefined],
    ['/strings/mine', undefined],
    ['/hawser/mine', undefined],
    ['/storage', '/blocks'],
    ['/storage/mine', '/blocks'],
    ['/storage-freed', undefined],
    ['/fs/deploy', undefined],
    ['/fs/deploy/mine', undefined],
    ['/same', '/same'],
    ['/outer', '/outer/inner'],
    ['/outer/inner', '/outer'],
    ['/blocks-writers/mine', '/blocks'],
    [undefined, '/fs'],
    [undefined, '/fs/mine'],
    [undefined, '/storage/mine'],
    [undefined, '/storage-committed'],
    [undefined, '/deploy'],
    [undefined, 'storage'],
    [undefined, '/storage/'],
  ] as const) {
    const connect = () => EtcdWorld.create({ ...options, metadataPrefix, storagePrefix });
    const message = metadataPrefix === undefined ? /valid storagePrefix: / : /Prefix: /;
    t.throws(
      connect,
      { instanceOf: WorldError, code: 'invalid', message },
      `${metadataPrefix} ${storagePrefix}`,
    );
  }
});
