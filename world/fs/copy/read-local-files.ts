import { constants, lstatSync, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { WorldError } from '../../errors.js';
import { sha256 } from '../blocks/block-codec.js';
import { cutAll, DATA_CUTS, firstCut } from '../blocks/content-cuts.js';
import type { Source } from '../storage/storage.js';
import { hasOtherBytes, pathOnDisk, textOfName } from '../tree/byte-names.js';
import { checkSize, TREE_LIMITS, tooLarge } from '../tree/tree-limits.js';
import type { BlockRef, Node } from '../tree/tree-node.js';
import { EventLoopYielder } from './event-loop-yielder.js';
import { LocalFolder } from './local-folder.js';
import { readNow, SMALL_BYTES } from './read-now.js';

const READ_BYTES = 1 << 20;
const FILES_BETWEEN_LOOKS = 8;

/** Something on the local disk; the path is relative to where the walk began, empty for that itself. */
export interface LocalEntry {
  readonly path: string;
  /** Without what a directory holds: its entries come after it. */
  readonly node: Node;
}

export interface ReadLocalOptions {
  readonly signal: AbortSignal | undefined;
  /** Whether something is skipped, and with a directory all that it holds. Paths are relative to where the walk began. */
  readonly isLeftOut?: ((path: string, isDirectory: boolean) => boolean) | undefined;
  /** Which names are accepted. Default those that are UTF-8. */
  readonly names?: 'any' | undefined;
}

interface WalkState extends ReadLocalOptions {
  /** For one file after the other, at least as large as the largest block. */
  readonly buffer: Buffer;
  readonly pace: EventLoopYielder;
  /** So far. */
  readonly count: { entries: number; sizeBytes: number; blocks: number };
}

/**
 * Walks a local file or directory, directories before what they hold; a few blocks are in memory at a time. Links are read, not
 * followed, also where one takes the place of a directory meanwhile.
 * @throws WorldError `invalid` for what cannot be stored, `too-large` for more than could be read again
 */
export async function* readLocal(root: string, options: ReadLocalOptions): AsyncGenerator<LocalEntry> {
  const walking = {
    ...options,
    buffer: Buffer.allocUnsafe(READ_BYTES),
    pace: new EventLoopYielder(options.signal, FILES_BETWEEN_LOOKS),
    count: { entries: 0, sizeBytes: 0, blocks: 0 },
  };
  const stats = await lstat(root);
  if (stats.isDirectory()) {
    yield { path: '', node: folderNode(stats) };
    await using folder = await LocalFolder.open(root);
    yield* walkFolder(folder, '', walking, 1);
  } else {
    await using parent = await LocalFolder.open(path.dirname(path.resolve(root)));
    yield await readEntry(parent, { name: path.basename(root), relative: '', stats }, walking);
  }
}

/** Everything that {@link readLocal} finds, with the number of files and their total size. */
export async function readAllLocal(
  root: string,
  options: ReadLocalOptions,
): Promise<{ entries: LocalEntry[]; files: number; sizeBytes: number }> {
  const entries: LocalEntry[] = [];
  let [files, sizeBytes] = [0, 0];
  for await (const entry of readLocal(root, options)) {
    entries.push(entry);
    if (entry.node.type !== 'file') continue;
    files += 1;
    sizeBytes += entry.node.sizeBytes;
  }
  return { entries, files, sizeBytes };
}

async function* walkFolder(
  folder: LocalFolder,
  prefix: string,
  walking: WalkState,
  depth: number,
): AsyncGenerator<LocalEntry> {
  if (depth > TREE_LIMITS.depth)
    throw tooLarge(folder.path, `is in more than ${TREE_LIMITS.depth} nested directories`);
  for (const name of await namesIn(folder)) {
    walking.signal?.throwIfAborted();
    if (walking.pace.isDue()) await walking.pace.rest();
    const relative = `${prefix}${name}`;
    const stats = folder.useNow(name, (at) => lstatSync(at));
    if (walking.isLeftOut?.(relative, stats.isDirectory()) === true) continue;
    if (walking.names !== 'any' && hasOtherBytes(name))
      throw refused(path.join(folder.path, name), 'its name is not valid UTF-8');
    if (stats.isDirectory()) {
      walking.count.entries += 1;
      yield { path: relative, node: folderNode(stats) };
      await using inner = await folder.folder(name);
      yield* walkFolder(inner, `${relative}/`, walking, depth + 1);
    } else {
      yield await readEntry(folder, { name, relative, stats }, walking);
    }
    checkSize(walking.count, folder.path);
  }
}

async function namesIn(folder: LocalFolder): Promise<string[]> {
  const names = await folder.use('.', (at) => readdir(at, { encoding: 'buffer' }));
  return names.map(textOfName).sort();
}

function folderNode({ mode, mtimeMs }: Stats): Node {
  return { type: 'directory', mode: mode & 0o777, mtimeMs, entries: new Map() };
}

/** A link or a file. */
async function readEntry(
  folder: LocalFolder,
  { name, relative, stats }: { readonly name: string; readonly relative: string; readonly stats: Stats },
  walking: WalkState,
): Promise<LocalEntry> {
  const { mtimeMs } = stats;
  walking.count.entries += 1;
  if (stats.isSymbolicLink()) {
    const target = textOfName(await folder.use(name, (at) => readlink(at, { encoding: 'buffer' })));
    if (walking.names !== 'any' && hasOtherBytes(target))
      throw refused(path.join(folder.path, name), 'it is a symbolic link whose target is not valid UTF-8');
    return { path: relative, node: { type: 'symlink', target, mtimeMs } };
  }
  const file = path.join(folder.path, name);
  if (!stats.isFile()) throw refused(file, 'it is a socket, a pipe or a device');
  const { sizeBytes, blocks } =
    cutSmallFile(folder, { name, stats }) ?? (await cutLargeFile(folder, name, walking));
  walking.count.sizeBytes += sizeBytes;
  walking.count.blocks += blocks.length;
  return { path: relative, node: { type: 'file', mode: stats.mode & 0o777, mtimeMs, sizeBytes, blocks } };
}

interface CutFile {
  readonly sizeBytes: number;
  readonly blocks: readonly BlockRef[];
}

/** Undefined for a file that is not small. */
function cutSmallFile(
  folder: LocalFolder,
  { name, stats }: { readonly name: string; readonly stats: Stats },
): CutFile | undefined {
  if (stats.size > SMALL_BYTES) return undefined;
  const data = folder.useNow(name, (at) => readNow(at, SMALL_BYTES + 1, 0));
  if (data === undefined) throw refused(path.join(folder.path, name), 'it is no longer a file');
  // It has grown meanwhile.
  if (data.length > SMALL_BYTES) return undefined;
  const blocks = Array.from(cutAll(data, DATA_CUTS), (cut) => ({ hash: sha256(cut), length: cut.length }));
  return { sizeBytes: data.length, blocks };
}

async function cutLargeFile(
  folder: LocalFolder,
  name: string,
  { signal, buffer }: WalkState,
): Promise<CutFile> {
  await using handle = await folder.use(name, openFile);
  const blocks: BlockRef[] = [];
  let sizeBytes = 0;
  for (let atEnd = false; !atEnd; ) {
    signal?.throwIfAborted();
    const length = await readFully(handle, buffer, sizeBytes);
    atEnd = length < buffer.length;
    let rest = buffer.subarray(0, length);
    for (let cut = firstCut(rest, DATA_CUTS, atEnd); cut !== undefined && cut > 0; ) {
      blocks.push({ hash: sha256(rest.subarray(0, cut)), length: cut });
      sizeBytes += cut;
      rest = rest.subarray(cut);
      cut = firstCut(rest, DATA_CUTS, atEnd);
    }
  }
  return { sizeBytes, blocks };
}

/** Where to read each block of local files again. */
export function sourcesIn(root: string, entries: readonly LocalEntry[]): Source[] {
  return entries.flatMap(({ path: relative, node }) =>
    node.type === 'file' ? sourcesOf(path.join(root, relative), node.blocks) : [],
  );
}

function sourcesOf(file: string, blocks: readonly BlockRef[]): Source[] {
  let position = 0;
  return blocks.map(({ hash, length }) => {
    const start = position;
    position += length;
    return { hash, length, read: () => readBlock(file, { hash, length, start }) };
  });
}

async function readBlock(
  file: string,
  { hash, length, start }: BlockRef & { readonly start: number },
): Promise<Buffer> {
  const block =
    length <= SMALL_BYTES
      ? readNow(pathOnDisk(file), length, start)
      : await readLargeBlock(file, { length, start });
  if (block?.length === length && sha256(block) === hash) return block;
  const message = `${file} changed while it was being copied: try again when nothing writes to it.`;
  throw new WorldError('conflict', message);
}

async function readLargeBlock(
  file: string,
  { length, start }: { readonly length: number; readonly start: number },
): Promise<Buffer> {
  await using handle = await openFile(file);
  const block = Buffer.allocUnsafe(length);
  return block.subarray(0, await readFully(handle, block, start));
}

/** Opens a file for reading, but never a symbolic link or a device that took its place. */
async function openFile(file: string | Buffer): Promise<FileHandle> {
  const handle = await open(
    typeof file === 'string' ? pathOnDisk(file) : file,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  );
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw refused(String(file), 'it is no longer a file');
}

/** Fills the buffer from `position`, as far as the file goes. @returns the number of bytes. */
async function readFully(handle: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

function refused(file: string, why: string): WorldError {
  return new WorldError(
    'invalid',
    `Cannot copy ${file}: ${why}. Remove it from the directory, or leave it out of a deploy (.hawserignore).`,
  );
}
