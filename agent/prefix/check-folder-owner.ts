import { lstatSync, realpathSync, type Stats } from 'node:fs';
import path from 'node:path';
import { AgentError } from '../errors.js';

/**
 * Makes sure that nobody but root and the user that we run as can put something else in the place of a folder, by any part
 * of its path, also behind links.
 *
 * @param canBeShared whether others may write into the folder itself, where each can only remove what is theirs (such as
 * /tmp). Default false: it is ours, and only we write there.
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

/** One folder, or link to one, on the way. */
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

/** Whoever owns the root folder can do anything: inside a user namespace that has another number. */
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
