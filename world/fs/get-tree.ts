import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, open, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '../client/client.js';
import { WorldError } from '../errors.js';
import type { CallOptions } from '../world.js';
import { BULK_TIMEOUT_MS, batches, IN_FLIGHT } from './batches.js';
import { BLOCK_BYTES, blockKey, decodeBlock, sha256 } from './blocks.js';
import { inParallel } from './in-parallel.js';
import { treeKey } from './put-tree.js';
import { checkEntries, parseEntries, parseSuperblock, type TreeEntry } from './superblock.js';

/** A block and all places that it goes to. */
interface Wanted {
  readonly hash: string;
  readonly length: number;
  readonly places: { readonly file: string; readonly position: number }[];
}

/**
 * Writes a stored tree to `folder`. It is put together beside it and renamed at the end, so that a folder of that
 * name is always whole, also after a crash. `timeoutMs` bounds each request, default 60 s.
 * @throws WorldError `not-found` for a tree or block that is not stored, `conflict` when `folder` exists, `invalid`
 * for a tree that is corrupt or would write outside its folder, `no-space` when the disk is full.
 */
export async function getTree(
  client: Client,
  tree: string,
  folder: string,
  options: CallOptions = {},
): Promise<void> {
  const call = { timeoutMs: BULK_TIMEOUT_MS, ...options };
  await refuseExisting(folder);
  const entries = await readEntries(client, tree, call);
  const partial = path.join(
    path.dirname(folder),
    `.${path.basename(folder)}.${randomBytes(4).toString('hex')}.partial`,
  );
  try {
    await mkdir(partial, { mode: 0o755 });
    await writeTree(client, entries, partial, call);
    await chmod(partial, 0o755);
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw diskFull(error, folder) ?? error;
  }
}

async function refuseExisting(folder: string): Promise<void> {
  const stats = await lstat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (stats !== undefined)
    throw new WorldError('conflict', `Could not write a tree to ${folder}: it exists already.`);
}

async function readEntries(client: Client, tree: string, call: CallOptions): Promise<readonly TreeEntry[]> {
  const key = treeKey(tree);
  const stored = await client.get(key, { ...call, bulk: true });
  if (stored === undefined) throw new WorldError('not-found', `There is no stored tree ${tree}.`, { key });
  if (sha256(stored.value) !== tree) {
    throw new WorldError(
      'invalid',
      `The stored tree ${tree} is corrupt: delete its key and upload the folder again.`,
      {
        key,
      },
    );
  }
  const superblock = parseSuperblock(stored.value.toString());
  if ('entries' in superblock) return checkEntries(superblock.entries);
  const parts = new Map<string, Buffer>();
  const wanted = [...new Set(superblock.entriesIn)].map((hash) => ({ hash, length: BLOCK_BYTES }));
  await inParallel(batches(wanted), IN_FLIGHT, (batch) =>
    fetchBlocks(client, batch, call, async ({ hash }, data) => void parts.set(hash, data)),
  );
  return parseEntries(
    Buffer.concat(superblock.entriesIn.map((hash) => parts.get(hash) ?? Buffer.alloc(0))).toString(),
  );
}

async function writeTree(
  client: Client,
  entries: readonly TreeEntry[],
  folder: string,
  call: CallOptions,
): Promise<void> {
  const inside = (entry: TreeEntry): string => path.join(folder, entry.path);
  const parentsFirst = [...entries].sort((a, b) => a.path.length - b.path.length);
  for (const entry of parentsFirst) {
    if (entry.type === 'directory') await mkdir(inside(entry), { mode: 0o700 });
  }
  const files = entries.filter((entry) => entry.type === 'file');
  await inParallel(files, IN_FLIGHT, async (entry) => (await open(inside(entry), 'wx', 0o600)).close());
  await inParallel(batches(wantedBlocks(folder, entries)), IN_FLIGHT, (batch) =>
    fetchBlocks(client, batch, call, writeBlock),
  );
  for (const entry of entries) if (entry.type === 'symlink') await symlink(entry.target, inside(entry));
  // Modes last, children before their folders: some forbid writing.
  await inParallel(files, IN_FLIGHT, (entry) => chmod(inside(entry), entry.mode));
  for (const entry of parentsFirst.reverse()) {
    if (entry.type === 'directory') await chmod(inside(entry), entry.mode);
  }
}

function wantedBlocks(folder: string, entries: readonly TreeEntry[]): Iterable<Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const entry of entries) {
    if (entry.type !== 'file') continue;
    if (entry.blocks.length !== Math.ceil(entry.sizeBytes / BLOCK_BYTES)) {
      throw new WorldError(
        'invalid',
        `The tree cannot be used: "${entry.path}" has too many or too few blocks.`,
      );
    }
    for (const [index, hash] of entry.blocks.entries()) {
      const position = index * BLOCK_BYTES;
      const length = Math.min(BLOCK_BYTES, entry.sizeBytes - position);
      const block = wanted.get(hash) ?? { hash, length, places: [] };
      block.places.push({ file: path.join(folder, entry.path), position });
      wanted.set(hash, block);
    }
  }
  return wanted.values();
}

/** Reads a batch of blocks, verifies each and hands it on. */
async function fetchBlocks<T extends { readonly hash: string }>(
  client: Client,
  batch: readonly T[],
  call: CallOptions,
  use: (block: T, data: Buffer) => Promise<void>,
): Promise<void> {
  call.signal?.throwIfAborted();
  const gets = batch.map(({ hash }) => ({ get: blockKey(hash) }));
  const { replies } = await client.txn({ success: gets }, { ...call, repeatable: true, bulk: true });
  for (const [index, block] of batch.entries()) {
    const stored = replies[index]?.entries[0];
    if (stored === undefined) {
      const message = `The stored tree lacks its block ${block.hash}: upload the folder again.`;
      throw new WorldError('not-found', message, { key: blockKey(block.hash) });
    }
    await use(block, await decodeBlock(block.hash, stored.value));
  }
}

async function writeBlock({ hash, length, places }: Wanted, data: Buffer): Promise<void> {
  if (data.length !== length) {
    throw new WorldError(
      'invalid',
      `The tree cannot be used: block ${hash} does not have the length that it says.`,
    );
  }
  await inParallel(places, IN_FLIGHT, async ({ file, position }) => {
    await using handle = await open(file, 'r+');
    let written = 0;
    while (written < data.length) {
      const { bytesWritten } = await handle.write(data, written, data.length - written, position + written);
      written += bytesWritten;
    }
  });
}

function diskFull(error: unknown, folder: string): WorldError | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') return undefined;
  return new WorldError('no-space', `Could not write a tree to ${folder}: the disk is full.`, {
    cause: error,
  });
}
