import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { listTree } from './list-tree.js';

const CONCURRENCY = 16;

/** So many files are flushed faster with all else on their file system, in one call, if it is not too busy. */
const MANY = 64;
const SYNC_TIMEOUT_MS = 5_000;

/** Flushes all files and directories of a tree to disk, so that they survive a power failure. */
export async function flushTreeToDisk(folder: string): Promise<void> {
  const entries = await listTree(folder);
  const paths = entries.flatMap(({ path, isFile, isDirectory }) => (isFile || isDirectory ? [path] : []));
  if (paths.length >= MANY && (await flushFileSystem(folder))) return;
  const left = [...paths, folder].values();
  const work = async (): Promise<void> => {
    for (const file of left) await flushToDisk(file);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

/** @returns whether the system could */
async function flushFileSystem(folder: string): Promise<boolean> {
  try {
    await promisify(execFile)('sync', ['-f', folder], { timeout: SYNC_TIMEOUT_MS });
    return true;
  } catch {
    return false;
  }
}

/** Flushes one file, or the entries of a directory, to disk. */
export async function flushToDisk(file: string | Buffer): Promise<void> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    // A file that its owner may not read, or a file system without support: nothing more can be done.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EINVAL' && code !== 'ENOTSUP') throw error;
  }
}
