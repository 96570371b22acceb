import type { FileHandle } from 'node:fs/promises';
import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { WorldError } from '../errors.js';
import { sha256 } from './blocks.js';
import { DATA_CUTS, firstCut } from './chunks.js';
import { openFile, readFully } from './folder.js';
import type { BlockRef, Node } from './node.js';
import type { Source } from './storage.js';

const READ_BYTES = 1 << 20;

/** Something on the local disk; the path is relative to where the walk began, empty for that itself. */
export interface LocalEntry {
  readonly path: string;
  /** Without what a folder holds: its entries come after it. */
  readonly node: Node;
}

/** Walks a local file or folder, folders before what they hold; a few blocks are in memory at a time. */
export async function* readLocal(
  root: string,
  signal: AbortSignal | undefined,
  relative = '',
): AsyncGenerator<LocalEntry> {
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
      yield* readLocal(root, signal, relative === '' ? name : `${relative}/${name}`);
    }
  } else if (stats.isFile()) {
    const { sizeBytes, blocks } = await cutFile(file, signal);
    yield { path: relative, node: { type: 'file', mode, mtimeMs, sizeBytes, blocks } };
  } else {
    throw refused(file, 'it is a socket, a pipe or a device');
  }
}

async function cutFile(
  file: string,
  signal: AbortSignal | undefined,
): Promise<{ sizeBytes: number; blocks: BlockRef[] }> {
  await using handle = await openFile(file);
  const blocks: BlockRef[] = [];
  let sizeBytes = 0;
  const buffer = Buffer.allocUnsafe(READ_BYTES);
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

/** Where to read each block of a local file again. */
export function sourcesOf(file: string, blocks: readonly BlockRef[]): Source[] {
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
  await using handle: FileHandle = await openFile(file);
  const block = Buffer.allocUnsafe(length);
  const read = await readFully(handle, block, start);
  if (read === length && sha256(block) === hash) return block;
  const message = `${file} changed while it was being copied: try again when nothing writes to it.`;
  throw new WorldError('conflict', message);
}

function refused(file: string, why: string): WorldError {
  return new WorldError('invalid', `Cannot copy ${file}: ${why}. Remove it from the folder.`);
}
