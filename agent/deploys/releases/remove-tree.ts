import { execFile } from 'node:child_process';
import { chmod, lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const SLASH = Buffer.from('/');
const REFUSED_CODES: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'ENOTEMPTY']);

/**
 * Removes a directory and everything in it, including directories that their owner may not write to. Links are not
 * followed. What belongs to another user is removed as that user, who could otherwise make root remove anything by
 * exchanging a directory for a link meanwhile.
 */
export async function removeTree(folder: string): Promise<void> {
  const found = await lstat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (found === undefined) return;
  if (found.isDirectory() && found.uid !== 0 && process.geteuid?.() === 0) {
    await removeAs(folder, found.uid, found.gid);
    return rmdir(folder);
  }
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!REFUSED_CODES.has(code) || process.geteuid?.() === 0) throw error;
    await makeWritable(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Run in the directory, which its owner may not be able to reach by its path. */
const EMPTY_SCRIPT = 'chmod -R u+rwX . && find . -mindepth 1 -delete';

async function removeAs(folder: string, uid: number, gid: number): Promise<void> {
  const options = { cwd: folder, uid, gid, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } };
  await promisify(execFile)('/bin/sh', ['-c', EMPTY_SCRIPT], options);
}

async function makeWritable(folder: string | Buffer): Promise<void> {
  if (!(await lstat(folder)).isDirectory()) return;
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true, encoding: 'buffer' }))
    if (entry.isDirectory()) await makeWritable(Buffer.concat([Buffer.from(folder), SLASH, entry.name]));
}
