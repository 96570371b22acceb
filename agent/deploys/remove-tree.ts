import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

const REFUSED_CODES: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'ENOTEMPTY']);

/**
 * Removes a directory and everything in it, including directories that their owner may not write to. Links are not followed.
 */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    if (!REFUSED_CODES.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await makeWritable(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeWritable(folder: string): Promise<void> {
  if (!(await lstat(folder)).isDirectory()) return;
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await makeWritable(path.join(folder, entry.name));
}
