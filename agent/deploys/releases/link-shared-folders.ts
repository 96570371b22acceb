import { lchown, lstat, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { Account } from '../accounts/account.js';
import { removeTree } from './remove-tree.js';

export interface SharedFolders {
  /** Relative to the release, as the manifest has them. */
  readonly names: readonly string[];
  /** Where they are kept; the agent's own. */
  readonly kept: string;
  readonly account: Account | undefined;
}

/**
 * Puts links to the shared directories of an app into a release, in place of what the release has there. A directory
 * that does not exist yet is created, for whom the app runs as.
 *
 * @throws Error for a name that leaves the release, or leads through a link or a file.
 */
export async function linkSharedFolders(
  release: string,
  { names, kept, account }: SharedFolders,
): Promise<void> {
  for (const name of names) {
    const parts = partsOf(name);
    const target = await makeFolder(kept, parts, name);
    if (account !== undefined && (await lstat(target)).uid !== account.uid)
      await lchown(target, account.uid, account.gid);
    const folder = await makeFolder(release, parts.slice(0, -1), name);
    const link = path.join(release, ...parts);
    await removeTree(link);
    await symlink(path.relative(folder, target), link);
  }
}

function partsOf(name: string): string[] {
  const parts = name.replace(/\/+$/, '').split('/');
  if (name.includes('\0') || parts.some((part) => ['', '.', '..'].includes(part)))
    throw new Error(`The shared directory "${name}" is not a path within the app`);
  return parts;
}

/** Each directory on the way has to be the agent's own, so that nobody can lead it elsewhere; the last may be the app's. */
async function makeFolder(base: string, parts: readonly string[], name: string): Promise<string> {
  let folder = base;
  for (const [index, part] of parts.entries()) {
    folder = path.join(folder, part);
    await mkdir(folder, { mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    const found = await lstat(folder);
    const isOurs = found.uid === process.geteuid?.() || index === parts.length - 1;
    if (!found.isDirectory() || !isOurs)
      throw new Error(
        `The shared directory "${name}" cannot be made: ${folder} ${found.isDirectory() ? 'is shared itself' : 'is not a directory'}`,
      );
  }
  return folder;
}
