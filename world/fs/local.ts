import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { WorldError } from '../errors.js';
import { sha256 } from './blocks.js';
import { DATA_CUTS, firstCut } from './chunks.js';
import type { BlockRef, Node } from './node.js';
import type { Source } from './storage.js';

const READ_BYTES = 1 << 20;

/** Something on the local disk; the path is relative to where the walk began, empty for that itself. */
export interface LocalEntry {
  readonly path: string;
  /** Without what a folder holds: its entries come after it. */
  readonly node: Node;
}

export interface ReadLocalOptions {
  readonly signal: AbortSignal | undefined;
  /** Names that are passed over, at any depth. */
  readonly leftOut?: ReadonlySet<string>;
}

interface Walking extends ReadLocalOptions {
  /** For one file after the other, at least as large as the largest block. */
  readonly buffer: Buffer;
}

/** Walks a local file or folder, folders before what they hold; a few blocks are in memory at a time. */
export function readLocal(root: string, options: ReadLocalOptions): AsyncGenerator<LocalEntry> {
  return walkLocal(root, '', { ...options, buffer: Buffer.allocUnsafe(READ_BYTES) });
}

async function* walkLocal(root: string, relative: string, options: Walking): AsyncGenerator<LocalEntry> {
  const { signal, leftOut } = options;
  signal?.throwIfAborted();
  const file = path.join(root, relative);
  if (relative.includes('\uFFFD')) throw refused(file, 'its name is not valid UTF-8');
  const stats = await lstat(file);
  const { mtimeMs } = stats;
  const mode = stats.mode & 0o777;
  if (stats.isSymbolicLink()) {
    yield { path: relative, node: { type: 'symlink', target: await readlink(file), mtimeMs } };
  } else if (stats.isDirectory()) {
    yield { path: relative, node: { type: 'directory', mode, mtimeMs, entries: new Map() } };
    for (const name of (await readdir(file)).sort()) {
      if (leftOut?.has(name)) continue;
      yield* walkLocal(root, relative === '' ? name : `${relative}/${name}`, options);
    }
  } else if (stats.isFile()) {
    const { sizeBytes, blocks } = await cutFile(file, options);
    yield { path: relative, node: { type: 'file', mode, mtimeMs, sizeBytes, blocks } };
  } else {
    throw refused(file, 'it is a socket, a pipe or a device');
  }
}

async function cutFile(
  file: string,
  { signal, buffer }: Walking,
): Promise<{ sizeBytes: number; blocks: BlockRef[] }> {
  await using handle = await openFile(file);
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
  await using handle = await openFile(file);
  const block = Buffer.allocUnsafe(length);
  const read = await readFully(handle, block, start);
  if (read === length && sha256(block) === hash) return block;
  const message = `${file} changed while it was being copied: try again when nothing writes to it.`;
  throw new WorldError('conflict', message);
}

/** Opens a file for reading, but never through a symbolic link that took its place. */
function openFile(file: string): Promise<FileHandle> {
  return open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
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
  return new WorldError('invalid', `Cannot copy ${file}: ${why}. Remove it from the folder.`);
}
