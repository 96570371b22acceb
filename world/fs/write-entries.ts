import { chmod, mkdir, open, rm, symlink, utimes } from 'node:fs/promises';
import type { CallOptions } from '../world.js';
import { batches, IN_FLIGHT } from './batches.js';
import { inParallel } from './in-parallel.js';
import type { BlockRef, FileNode, Node } from './node.js';
import type { Storage } from './storage.js';

/** Something of a tree, and where on the local disk it goes. */
export interface LocalTarget<T extends Node = Node> {
  readonly file: string;
  readonly node: T;
}

/** A block and all places that it goes to. */
interface Wanted extends BlockRef {
  readonly places: { readonly file: string; readonly position: number }[];
}

/** Writes files, folders and links to the local disk, folders before what they hold; each block is fetched once. */
export async function writeEntries(
  storage: Storage,
  entries: readonly LocalTarget[],
  call: CallOptions,
  onWritten?: (bytes: number) => void,
): Promise<void> {
  // Closed to others until all modes are set.
  for (const { file, node } of entries)
    if (node.type === 'directory') await mkdir(file, { recursive: true, mode: 0o700 });
  const files = entries.flatMap(({ file, node }) => (node.type === 'file' ? [{ file, node }] : []));
  await inParallel(files, IN_FLIGHT, async ({ file }) => (await open(file, 'w', 0o600)).close());
  await inParallel(batches(wantedBlocks(files)), IN_FLIGHT, async (batch) => {
    const bytes = await writeBatch(storage, batch, call);
    onWritten?.(bytes);
  });
  for (const { file, node } of entries) {
    if (node.type !== 'symlink') continue;
    await rm(file, { force: true });
    await symlink(node.target, file);
  }
  // Last, children before their folders: some modes forbid writing, and writing sets times.
  await inParallel(files, IN_FLIGHT, ({ file, node }) => setAttributes(file, node));
  for (const { file, node } of entries.toReversed())
    if (node.type === 'directory') await setAttributes(file, node);
}

function wantedBlocks(files: readonly LocalTarget<FileNode>[]): Iterable<Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const { file, node } of files) {
    let position = 0;
    for (const { hash, length } of node.blocks) {
      const key = `${hash} ${length}`;
      const block = wanted.get(key) ?? { hash, length, places: [] };
      block.places.push({ file, position });
      wanted.set(key, block);
      position += length;
    }
  }
  return wanted.values();
}

/** @returns how many bytes were written. */
async function writeBatch(storage: Storage, batch: readonly Wanted[], call: CallOptions): Promise<number> {
  call.signal?.throwIfAborted();
  const blocks = await storage.read(batch, call);
  let bytes = 0;
  for (const [index, { places }] of batch.entries()) {
    const data = blocks[index] ?? Buffer.alloc(0);
    await inParallel(places, IN_FLIGHT, (place) => writeBlock(place, data));
    bytes += data.length * places.length;
  }
  return bytes;
}

async function writeBlock({ file, position }: Wanted['places'][number], data: Buffer): Promise<void> {
  await using handle = await open(file, 'r+');
  for (let written = 0; written < data.length; ) {
    const { bytesWritten } = await handle.write(data, written, data.length - written, position + written);
    written += bytesWritten;
  }
}

async function setAttributes(file: string, node: Exclude<Node, { type: 'symlink' }>): Promise<void> {
  await chmod(file, node.mode);
  if (node.mtimeMs !== undefined) await utimes(file, node.mtimeMs / 1000, node.mtimeMs / 1000);
}
