import { createHash } from 'node:crypto';
import test from 'ava';
import { blockKey, encodeBlock } from '../../world/fs/blocks.js';
import { EtcdStorage } from '../../world/fs/etcd-storage.js';
import { freeBlocks } from '../../world/fs/gc.js';
import { sourceOf } from '../../world/fs/storage.js';
import { Client, WorldError } from '../../world/index.js';
import { Etcd } from './etcd.js';

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
  const client = Client.connect({ endpoints: [etcd.url], namespace: `/freeing${made}` });
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
