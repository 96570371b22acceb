import { lstatSync, realpathSync, type Stats } from 'node:fs';
import path from 'node:path';
import { AgentError } from '../errors.js';

/**
 * Makes sure that only root and the current user can replace a directory, or any part of its path, including behind
 * links.
 *
 * @param canBeShared whether others may write into the directory itself, if each can only remove their own files (such
 * as /tmp). Default false: the current user owns it and only that user can write there.
 * @throws AgentError `unsafe` naming the part and its owner.
 */
export function checkFolderOwner(folder: string, { canBeShared = false } = {}): void {
  const real = realpathSync(folder);
  for (const way of new Set([path.resolve(folder), real])) {
    for (let part = path.dirname(way); ; part = path.dirname(part)) {
      checkPart(part, folder);
      if (part === path.dirname(part)) break;
    }
  }
  if (canBeShared) {
    checkPart(real, folder);
    return;
  }
  const found = lstatSync(real);
  if (found.uid !== ourUid()) throw foreign(real, found, folder);
  if ((found.mode & 0o022) !== 0) throw writable(real, folder);
}

/** One directory, or link to one, on the path. */
function checkPart(part: string, folder: string): void {
  const found = lstatSync(part);
  if (!isTrusted(found.uid)) throw foreign(part, found, folder);
  if (found.isSymbolicLink() || (found.mode & 0o1000) !== 0) return;
  const byGroup = (found.mode & 0o020) !== 0 && found.gid !== 0 && found.gid !== process.getegid?.();
  if (byGroup || (found.mode & 0o002) !== 0) throw writable(part, folder);
}

function ourUid(): number {
  return process.geteuid?.() ?? 0;
}

/** The owner of the root directory can do anything; in a user namespace its uid is not 0. */
function isTrusted(uid: number): boolean {
  return uid === 0 || uid === ourUid() || uid === lstatSync('/').uid;
}

function foreign(part: string, { uid }: Stats, folder: string): AgentError {
  const through = part === folder ? '' : `, on the path to ${folder},`;
  const message = `${part}${through} belongs to user ${uid}, who could plant files there that hawser (user ${ourUid()}) would use: change its owner to the user that hawser runs as (chown), or choose another --prefix.`;
  return new AgentError('unsafe', message);
}

function writable(part: string, folder: string): AgentError {
  const through = part === folder ? '' : `, on the path to ${folder},`;
  const message = `Other users can write to ${part}${through} so they could plant files there that hawser would use: revoke that (chmod go-w ${part}), or choose another --prefix.`;
  return new AgentError('unsafe', message);
}
