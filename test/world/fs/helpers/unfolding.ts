import { createHash } from 'node:crypto';
import { blockKey, encodeBlock } from '../../../../world/fs/blocks/block-codec.js';
import type { EtcdWorld } from '../../../../world/index.js';
import { URI } from './pair.js';

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');

type Ref = readonly [hash: string, length: number];

/** Stores a block as it is. */
export async function store(world: EtcdWorld, text: string): Promise<Ref> {
  const data = Buffer.from(text);
  const hash = sha256(data);
  await world.client.set(blockKey(hash), await encodeBlock(data));
  return [hash, data.length];
}

const folderOf = (name: string, entriesIn: readonly Ref[]) => ({
  name,
  type: 'directory',
  mode: 0o755,
  entriesIn,
});

/** Stores a tree of a few blocks, as a file system and as a deploy's: `levels` directories inside each other, each of which holds the next `width` times. */
export async function unfolding(
  world: EtcdWorld,
  { levels, width, leaf = {} }: { levels: number; width: number; leaf?: object },
) {
  const file = { type: 'file', mode: 0o644, sizeBytes: 0, blocks: [], ...leaf };
  let entries: object[] = Array.from({ length: width }, (_, index) => ({ ...file, name: `f${index}` }));
  for (let level = 1; level < levels; level += 1) {
    const ref = await store(world, JSON.stringify(entries));
    entries = Array.from({ length: width }, (_, index) => folderOf(`d${index}`, [ref]));
  }
  const ref = await store(world, JSON.stringify(entries));
  const superblock = JSON.stringify({
    version: 2,
    root: { type: 'directory', mode: 0o755, entriesIn: [ref] },
  });
  await world.client.set('/fs/shared', superblock);
  const tree = sha256(superblock);
  await world.client.set(`/fs/deploy/${tree}`, superblock);
  return { tree, fs: world.fs(URI) };
}
