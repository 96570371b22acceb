import { chmod, chown, lstat, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { AgentError } from '../../../errors.js';
import { checkFolderOwner } from '../../../prefix/check-folder-owner.js';

/** Members may look and enter, nobody else; what is created in there belongs to the group. */
const SHARED_MODE = 0o2750;

/**
 * Creates a directory whose sockets a group can enter. One that exists already is changed only if it holds nothing but
 * sockets: a system's own directory would lose its mode.
 *
 * @throws AgentError `unsafe` if others could replace it; `invalid` if it cannot be made, or holds something else.
 */
export async function shareSocketFolder(
  folder: string,
  group: { readonly name: string; readonly gid: number },
): Promise<void> {
  try {
    await mkdir(path.dirname(folder), { recursive: true, mode: 0o755 });
    await mkdir(folder, { mode: 0o700 }).catch(unlessThere);
    checkFolderOwner(folder);
    const found = await lstat(folder);
    if (found.gid === group.gid && (found.mode & 0o7777) === SHARED_MODE) return;
    await refuseOtherContent(folder, group.name);
    await chown(folder, found.uid, group.gid);
    await chmod(folder, SHARED_MODE);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const message = `Cannot give the group ${group.name} access to ${folder}: ${(error as Error).message}. Run as a user who may, or omit --socket-group.`;
    throw new AgentError('invalid', message, { cause: error });
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function refuseOtherContent(folder: string, group: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const other = entries.find((entry) => !entry.isSocket() && !entry.isSymbolicLink());
  if (other === undefined) return;
  const message = `${folder} holds ${other.name}, so its mode is not changed for the group ${group}: choose a directory for the socket alone with --client-urls unix:///….`;
  throw new AgentError('invalid', message);
}
