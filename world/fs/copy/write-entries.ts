import { closeSync, constants, fchmodSync, futimesSync, openSync, writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, symlink } from 'node:fs/promises';
import { inParallel } from '../../../base/in-parallel.js';
import type { CallOptions } from '../../call-options.js';
import { batchBlocks, IN_FLIGHT } from '../storage/batch-blocks.js';
import type { Storage } from '../storage/storage.js';
import { pathOnDisk } from '../tree/byte-names.js';
import type { BlockRef, DirectoryNode, FileNode, Node } from '../tree/tree-node.js';
import { EventLoopYielder } from './event-loop-yielder.js';
import { LocalBlocks } from './local-blocks.js';
import type { LocalFolder } from './local-folder.js';

/** Something of a tree, by its path from the directory that it is written to. */
export type TreeEntry<T extends Node = Node> = readonly [path: string, node: T];

/** A block and all targets that it goes to. */
interface Wanted extends BlockRef {
  readonly targets: { readonly path: string; readonly position: number; readonly node: FileNode }[];
}

const MADE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const THERE = constants.O_WRONLY | constants.O_NOFOLLOW;
/** Without the set-user-ID, set-group-ID and sticky bits, which the World does not decide on this machine. */
export const PERMISSIONS = 0o777;

/** Where files come from and go to. */
export interface WriteJob {
  readonly storage: Storage;
  readonly folder: LocalFolder;
  /** A directory of this machine that may hold the same: what it does hold is not fetched. */
  readonly alike?: string | undefined;
}

/**
 * Writes files, directories and links to an empty directory that is ours alone, directories before what they hold; each block is
 * fetched once. Directories stay closed to others: {@link setFolders} gives them their modes.
 */
export async function writeEntries(
  { storage, folder, alike }: WriteJob,
  entries: readonly TreeEntry[],
  call: CallOptions,
  onWritten?: (bytes: number) => void,
): Promise<void> {
  const pace = new EventLoopYielder(call.signal);
  for (const [path, node] of entries) {
    if (pace.isDue()) await pace.rest();
    if (node.type === 'directory') await folder.use(path, (at) => mkdir(at, { mode: 0o700 }));
    if (node.type === 'symlink') await folder.use(path, (at) => symlink(pathOnDisk(node.target), at));
  }
  const files = entries.flatMap(([path, node]) => (node.type === 'file' ? [[path, node] as const] : []));
  const large = files.filter(([, node]) => !isSmall(node));
  await inParallel(large, IN_FLIGHT, async ([path]) => {
    call.signal?.throwIfAborted();
    await (await folder.use(path, (at) => open(at, MADE, 0o600))).close();
  });
  for (const [path, node] of files) {
    if (node.blocks.length > 0) continue;
    if (pace.isDue()) await pace.rest();
    writeSmallFile(folder, path, node, Buffer.alloc(0));
  }
  let wanted = [...wantedBlocks(files)];
  if (alike !== undefined) wanted = await writeLocalBlocks(alike, folder, wanted, call.signal);
  await inParallel(batchBlocks(wanted), IN_FLIGHT, async (batch) => {
    call.signal?.throwIfAborted();
    const bytes = await writeBatch(storage, folder, batch, call);
    onWritten?.(bytes);
  });
  // Last: some modes forbid writing, and writing sets times.
  await inParallel(large, IN_FLIGHT, async ([path, node]) => {
    call.signal?.throwIfAborted();
    await using handle = await folder.use(path, (at) => open(at, THERE));
    await setAttributes(handle, node);
  });
}

/** Gives directories that {@link writeEntries} made their modes and times, children before their directories. */
export async function setFolders(
  folder: LocalFolder,
  entries: readonly TreeEntry[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const pace = new EventLoopYielder(signal);
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  for (const [path, node] of entries.toReversed()) {
    if (pace.isDue()) await pace.rest();
    if (node.type !== 'directory') continue;
    await using handle = await folder.use(path, (at) => open(at, flags));
    await setAttributes(handle, node);
  }
}

export async function setAttributes(handle: FileHandle, node: FileNode | DirectoryNode): Promise<void> {
  await handle.chmod(node.mode & PERMISSIONS);
  if (node.mtimeMs !== undefined) await handle.utimes(node.mtimeMs / 1000, node.mtimeMs / 1000);
}

function wantedBlocks(files: readonly TreeEntry<FileNode>[]): Iterable<Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const [path, node] of files) {
    let position = 0;
    for (const { hash, length } of node.blocks) {
      const key = `${hash} ${length}`;
      const block = wanted.get(key) ?? { hash, length, targets: [] };
      block.targets.push({ path, position, node });
      wanted.set(key, block);
      position += length;
    }
  }
  return wanted.values();
}

/** @returns how many bytes were written. */
async function writeBatch(
  storage: Storage,
  folder: LocalFolder,
  batch: readonly Wanted[],
  call: CallOptions,
): Promise<number> {
  const blocks = await storage.read(batch, call);
  const pace = new EventLoopYielder(call.signal, 1);
  let bytes = 0;
  for (const [index, { targets }] of batch.entries()) {
    const data = blocks[index] ?? Buffer.alloc(0);
    await writeToTargets(folder, targets, data, pace);
    bytes += data.length * targets.length;
  }
  return bytes;
}

/** Writes what is in a directory of this machine already. @returns what is not */
async function writeLocalBlocks(
  alike: string,
  folder: LocalFolder,
  wanted: readonly Wanted[],
  signal: AbortSignal | undefined,
): Promise<Wanted[]> {
  using there = new LocalBlocks(alike);
  const pace = new EventLoopYielder(signal, 1);
  const missing: Wanted[] = [];
  for (const block of wanted) {
    if (pace.isDue()) await pace.rest();
    const [place] = block.targets;
    const data = place && there.find(block, place);
    if (data === undefined) missing.push(block);
    else await writeToTargets(folder, block.targets, data, pace);
  }
  return missing;
}

async function writeToTargets(
  folder: LocalFolder,
  targets: Wanted['targets'],
  data: Buffer,
  pace: EventLoopYielder,
): Promise<void> {
  await inParallel(targets, IN_FLIGHT, async (target) => {
    if (pace.isDue()) await pace.rest();
    if (isSmall(target.node)) writeSmallFile(folder, target.path, target.node, data);
    else await writeBlock(folder, target, data);
  });
}

/** One that is written as a whole, at once. */
function isSmall({ blocks }: FileNode): boolean {
  return blocks.length < 2;
}

function writeSmallFile(folder: LocalFolder, path: string, { mode, mtimeMs }: FileNode, data: Buffer): void {
  const file = folder.useNow(path, (at) => openSync(at, MADE, 0o600));
  try {
    for (let written = 0; written < data.length; ) written += writeSync(file, data, written);
    fchmodSync(file, mode & PERMISSIONS);
    if (mtimeMs !== undefined) futimesSync(file, mtimeMs / 1000, mtimeMs / 1000);
  } finally {
    closeSync(file);
  }
}

async function writeBlock(
  folder: LocalFolder,
  { path, position }: Wanted['targets'][number],
  data: Buffer,
): Promise<void> {
  await using handle = await folder.use(path, (at) => open(at, THERE));
  for (let written = 0; written < data.length; ) {
    const { bytesWritten } = await handle.write(data, written, data.length - written, position + written);
    written += bytesWritten;
  }
}
