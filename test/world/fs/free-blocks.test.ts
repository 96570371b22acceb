import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { defragMembers } from '../../../world/cluster/defrag-members.js';
import { blockKey, encodeBlock } from '../../../world/fs/blocks/block-codec.js';
import { freeBlocks } from '../../../world/fs/gc/free-blocks.js';
import { EtcdStorage } from '../../../world/fs/storage/etcd-storage.js';
import { sourceOf } from '../../../world/fs/storage/storage.js';
import { Client, WorldError } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { countBlocks, pair, scratch } from './helpers/pair.js';

const data = Buffer.from('found stored, though nothing names it');
const hash = createHash('sha256').update(data).digest('hex');
const superblock = `{"version":2,"root":{"type":"directory","mode":493,"entries":[{"name":"f","type":"file","mode":420,"sizeBytes":${data.length},"blocks":[["${hash}",${data.length}]]}]}}`;
let etcd: Etcd;
let made = 0;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

/** A client, and a writer that has found a block stored which nothing names yet. */
async function relying() {
  made += 1;
  const client = Client.create({ endpoints: [etcd.url], namespace: `/freeing${made}` });
  await client.set(blockKey(hash), await encodeBlock(data));
  const storage = new EtcdStorage(client, { key: '/fs/writer' });
  const pin = await storage.pin({});
  await storage.store([sourceOf(hash, data)], {});
  return { client, storage, pin };
}

const commit = { superblock, version: 0n, blocks: new Map() };

test.serial(
  'a commit fails when a block was freed that it relies on, and succeeds once it is stored again',
  async (t) => {
    const { client, storage, pin } = await relying();
    t.like(await freeBlocks(client, undefined), { freed: 1 });
    await t.throwsAsync(storage.commit(commit, {}), {
      instanceOf: WorldError,
      code: 'conflict',
      message: /freed/,
    });
    t.is(await client.get('/fs/writer'), undefined);
    t.like(await storage.store([sourceOf(hash, data)], {}), { uploadedBlocks: 1 });
    t.true((await storage.commit(commit, {})) !== undefined);
    await pin.release();
    t.like(await freeBlocks(client, undefined), { freed: 0, kept: 1 });
    await client.close();
  },
);

test.serial(
  'a block is not freed when a commit names it after it was looked for in the superblocks',
  async (t) => {
    for (let round = 0; round < 10; round += 1) {
      const { client, storage, pin } = await relying();
      await client.set('/storage/foreign', '');
      // Every connection is open, so that the commit, which is begun first, is not always late.
      await Promise.all([1, 2, 3, 4].map(() => client.get('/fs/writer', { bulk: true })));
      let committing: Promise<unknown> | undefined;
      // Said of the foreign key between looking and deleting.
      await freeBlocks(client, () => {
        committing ??= storage.commit(commit, {}).catch((error: unknown) => error);
      });
      const isCommitted = !((await committing) instanceof Error);
      t.is((await client.get(blockKey(hash))) !== undefined, isCommitted);
      await pin.release();
      await client.close();
    }
  },
);

test.serial(
  'gc frees while etcd is full, and who relied on what it freed is told once etcd takes writes again',
  async (t) => {
    await using full = await Etcd.start(['--quota-backend-bytes', '3000000']);
    await using client = Client.create({ endpoints: [full.url] });
    await client.set(blockKey(hash), await encodeBlock(data));
    const storage = new EtcdStorage(client, { key: '/fs/writer' });
    // Not the first sweep: what it deleted must not look as if nothing had been freed since.
    await freeBlocks(client, undefined);
    await client.set(blockKey(hash), await encodeBlock(data));
    const pin = await storage.pin({});
    await storage.store([sourceOf(hash, data)], {});
    // etcd looks at the size of what it has committed to disk, so a fast machine writes much beyond the quota.
    const fill = async () => {
      for (let n = 0; n < 400; n += 1) await client.set(`/full/${n}`, randomBytes(500_000));
    };
    await t.throwsAsync(fill(), { code: 'no-space' });
    const freeing = freeBlocks(client, undefined);
    t.like(await freeing, { freed: 1 });
    await t.throwsAsync(storage.commit(commit, {}), { code: 'no-space' });
    await client.delPrefix('/full/');
    const { alarm } = await defragMembers(client, { reach: async () => client });
    t.is(alarm, 'disarmed');
    await t.throwsAsync(storage.commit(commit, {}), { code: 'conflict', message: /freed/ });
    t.is(await client.get('/fs/writer'), undefined);
    await storage.store([sourceOf(hash, data)], {});
    t.true((await storage.commit(commit, {})) !== undefined);
    await pin.release();
    t.like(await freeBlocks(client, undefined), { freed: 0, kept: 1 });
  },
);

test.serial('gc frees what nothing names, and keeps deploys and every file system', async (t) => {
  const { worlds, fs } = pair(t, etcd);
  const folder = await scratch(t);
  await writeFile(path.join(folder, 'file'), 'deployed');
  const { tree } = await worlds[0].putTree(folder);
  await fs[0].writeFile('/kept', randomBytes(1000));
  await worlds[0].fs('etcdfs:///fs/other').writeFile('/kept', 'too');
  await fs[0].writeFile('/gone', randomBytes(2_000_000));
  await fs[0].rm('/gone');
  const swept = await worlds[1].fsGc();
  t.true(swept.freed > 8);
  t.is(swept.kept, 3);
  t.is(await countBlocks(worlds[0]), 3);
  await worlds[0].getTree(tree, path.join(folder, 'out'));
  t.is((await fs[1].readFile('/kept')).length, 1000);
  t.is(await worlds[1].fs('etcdfs:///fs/other').readFile('/kept', 'utf8'), 'too');
});

test.serial('gc spares what an upload under way has put, and frees it once the upload is over', async (t) => {
  const { worlds, fs } = pair(t, etcd);
  const handle = await fs[0].open('/f', 'w');
  for (let n = 0; n < 6; n += 1) await handle.write(randomBytes(1_000_000));
  t.true((await countBlocks(worlds[0])) > 20);
  t.true((await worlds[1].fsGc()).spared > 20);
  await handle.close();
  t.is((await fs[1].readFile('/f')).length, 6_000_000);
  t.like(await worlds[1].fsGc(), { freed: 0, spared: 0 });
});

test.serial('gc at any moment takes nothing from those who write at the same time', async (t) => {
  const { worlds, fs } = pair(t, etcd);
  const folder = await scratch(t);
  await mkdir(path.join(folder, 'in'));
  const contents = Array.from({ length: 6 }, () => randomBytes(150_000));
  let sweeping = true;
  let freed = 0;
  const sweep = async () => {
    while (sweeping) freed += (await worlds[1].fsGc()).freed;
  };
  const swept = sweep();
  // The same few contents come and go, so that blocks which are found stored are often just being freed.
  for (let round = 0; round < 12; round += 1) {
    const content = contents[round % 3] ?? Buffer.alloc(0);
    await writeFile(path.join(folder, 'in/file'), content);
    await Promise.all([
      fs[0].copyIn(path.join(folder, 'in'), `/copied${round % 2}`),
      fs[0].writeFile('/streamed', contents[3 + (round % 3)] ?? ''),
    ]);
    t.true((await fs[1].readFile(`/copied${round % 2}/file`)).equals(content));
    t.true((await fs[1].readFile('/streamed')).equals(contents[3 + (round % 3)] ?? Buffer.alloc(0)));
    await fs[0].rm(`/copied${round % 2}`, { recursive: true });
    await fs[0].rm('/streamed');
  }
  sweeping = false;
  await swept;
  t.true(freed > 0);
  await worlds[0].fsGc();
  t.is(await countBlocks(worlds[0]), 0);
});

const damaged = 'gc deletes nothing while it cannot read what a superblock of ours names';
test.serial(damaged, async (t) => {
  const { worlds, fs } = pair(t, etcd);
  await fs[0].writeFile('/gone', randomBytes(1000));
  await fs[0].rm('/gone');
  for (const [key, value] of [
    ['/fs/cut-off', '{"version":2,"root":{"type":"direc'],
    ['/fs/newer', '{ "root": {}, "version": 3 }'],
    [`/fs/deploy/${'0'.repeat(64)}`, Buffer.from([0xff, 0x00, 0x81])],
  ] as const) {
    await worlds[0].client.set(key, value);
    const refused = { instanceOf: WorldError, code: 'invalid', message: new RegExp(key) };
    // A tree that no deploy names is no matter.
    if (key.startsWith('/fs/deploy/')) await worlds[0].client.set(`/hawser/trees/${'0'.repeat(64)}`, '');
    await t.throwsAsync(worlds[1].fsGc(), refused);
    t.is(await countBlocks(worlds[0]), 1);
    await worlds[0].client.del(key);
  }
  t.like(await worlds[1].fsGc(), { freed: 1 });
});

test.serial(
  'what other programs keep beside ours names no block: gc leaves it alone and says so',
  async (t) => {
    const { worlds, fs, third } = pair(t, etcd);
    const warnings: string[] = [];
    const world = third(warnings);
    // As mgmt stores a deploy: encoded by Go, with data under names that say which hash.
    const theirs = ['/fs/deploy/1-8f2a', '/fs/foreign', '/storage/{sha256}e3b0', '/storage/{sha256}f00d'];
    for (const key of theirs) await world.client.set(key, Buffer.from([0x3c, 0xff, 0x81, 0x03, 0x01]));
    await world.addDeploy(1, '', '', 'gob \u0001 etcdfs:///fs/deploy/1-8f2a');
    await fs[0].writeFile('/gone', randomBytes(1000));
    await fs[0].rm('/gone');
    await fs[0].writeFile('/kept', randomBytes(1000));
    t.like(await world.fsGc(), { freed: 1, kept: 1 });
    for (const key of theirs) t.not(await world.client.get(key), undefined, key);
    t.is((await worlds[1].fs('etcdfs:///fs/shared').readFile('/kept')).length, 1000);
    t.is(warnings.length, 2);
    t.regex(warnings.join(), /Skipping \/fs\/deploy\/1-8f2a and 1 more: they are not a file system/);
    t.regex(warnings.join(), /Skipping \/storage\/\{sha256\}e3b0 and 1 more/);
    await t.throwsAsync(world.fs('etcdfs:///fs/foreign').readdir('/'), {
      code: 'invalid',
      message: /the file system "foreign"/,
    });
  },
);
