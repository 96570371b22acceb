import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';

const CONCURRENCY = 16;

/** Brings all files and folders of a tree to the disk, so that they are whole after the power failed. */
export async function syncTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths = entries.flatMap((entry) =>
    entry.isFile() || entry.isDirectory() ? [path.join(entry.parentPath, entry.name)] : [],
  );
  const left = [...paths, folder].values();
  const work = async (): Promise<void> => {
    for (const file of left) await sync(file);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

/** Brings one file, or what a folder lists, to the disk. */
export async function sync(file: string): Promise<void> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    // A file that its owner may not read, or a file system that cannot do it: it is as safe as it can be.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EINVAL' && code !== 'ENOTSUP') throw error;
  }
}
