import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { flushToDisk } from './flush-tree-to-disk.js';

/** Writes a line to a file for its owner only: a reader finds all of it or the one before, and it is on disk at the end. */
export async function writeWholeFile(file: string, line: string): Promise<void> {
  const partial = `${file}.part`;
  const handle = await open(partial, 'w', 0o600);
  try {
    await handle.writeFile(`${line}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, file);
  await flushToDisk(path.dirname(file));
}
