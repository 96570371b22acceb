import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { WorldError } from '../errors.js';
import { BLOCK_BYTES } from './blocks.js';
import type { TreeEntry } from './superblock.js';

const LEFT_OUT = new Set(['.git']);

/** Walks a folder and yields its entries, files with the hashes of their blocks; one block is in memory at a time. */
export async function* readFolder(
  folder: string,
  signal: AbortSignal | undefined,
  relative = '',
): AsyncGenerator<TreeEntry> {
  const names = await readdir(path.join(folder, relative), { encoding: 'utf8' });
  for (const name of names.sort()) {
    signal?.throwIfAborted();
    if (LEFT_OUT.has(name)) continue;
    const entry = await readEntry(folder, relative === '' ? name : `${relative}/${name}`);
    yield entry;
    if (entry.type === 'directory') yield* readFolder(folder, signal, entry.path);
  }
}

async function readEntry(folder: string, relative: string): Promise<TreeEntry> {
  const file = path.join(folder, relative);
  if (relative.includes('\uFFFD')) throw refused(file, 'its name is not valid UTF-8');
  const stats = await lstat(file);
  const mode = stats.mode & 0o777;
  if (stats.isSymbolicLink()) return { type: 'symlink', path: relative, target: await readlink(file) };
  if (stats.isDirectory()) return { type: 'directory', path: relative, mode };
  if (!stats.isFile()) throw refused(file, 'it is a socket, a pipe or a device');
  const { sizeBytes, blocks } = await hashFile(file);
  return { type: 'file', path: relative, mode, sizeBytes, blocks };
}

async function hashFile(file: string): Promise<{ sizeBytes: number; blocks: string[] }> {
  const blocks: string[] = [];
  let sizeBytes = 0;
  await using handle = await openFile(file);
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  for (;;) {
    const length = await readFully(handle, block, sizeBytes);
    if (length === 0) return { sizeBytes, blocks };
    blocks.push(createHash('sha256').update(block.subarray(0, length)).digest('hex'));
    sizeBytes += length;
  }
}

/** Opens a file of a folder for reading, but never through a symbolic link that took its place. */
export function openFile(file: string): Promise<FileHandle> {
  return open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** Fills the buffer from `position`, as far as the file goes. @returns the number of bytes. */
export async function readFully(handle: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

function refused(file: string, why: string): WorldError {
  return new WorldError('invalid', `Cannot store ${file}: ${why}. Remove it from the folder.`);
}
