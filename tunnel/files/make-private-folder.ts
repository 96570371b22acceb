import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { TunnelError } from '../errors.js';
import { ownedName, removeOrphanedFolders } from './remove-orphaned-folders.js';
import { errorCode } from './system-error-code.js';

/** The longest path of a unix socket on all supported systems (macOS: 104 with its NUL). */
const MAX_SOCKET_PATH_BYTES = 103;

/** The longest name of a socket in a private directory: `ssh` creates its own as `/c.` and 16 letters, then renames it. */
const LONGEST_NAME_BYTES = 19;

/** The suffix that `mkdtemp` adds. */
const RANDOM_BYTES = 6;

/** Directories to remove when the process exits without closing their owners. */
const open = new Set<string>();

/** Where orphaned directories have been removed already. */
const swept = new Set<string>();

/**
 * Creates a directory that only this user can enter, with a path short enough for sockets: in TMPDIR, else in the user's runtime
 * directory (XDG_RUNTIME_DIR), else in /tmp. It is removed on exit, or by {@link removePrivateFolder}; the next process
 * removes what a killed one left.
 *
 * @param host for the error: `user@host:port`
 * @throws TunnelError `forward-refused` saying why no place can be used
 */
export function makePrivateFolder(
  host = 'this machine',
  places: Iterable<string> = temporaryPlaces(),
): string {
  const problems: string[] = [];
  for (const base of places) {
    const problem = problemWith(base) ?? tryToMake(base);
    if (typeof problem !== 'string') return problem.folder;
    problems.push(`${base} ${problem}`);
  }
  const message = `Could not make a private directory for sockets: ${problems.join(', ')}. Set TMPDIR to a directory of your own with a short path.`;
  throw new TunnelError('forward-refused', host, message);
}

function temporaryPlaces(): Set<string> {
  const places = [tmpdir(), process.env['XDG_RUNTIME_DIR'] ?? '', '/tmp'];
  // A relative path could mean another directory to other processes, such as an ssh in the background.
  return new Set(places.filter((place) => isAbsolute(place)));
}

/** Removes a private directory and its contents. Idempotent. */
export function removePrivateFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  open.delete(folder);
  if (open.size === 0) process.off('exit', removeAll);
}

/** Why a directory there could not hold sockets, or another user could replace it. */
function problemWith(base: string): string | undefined {
  const longest = join(base, ownedName()).length + RANDOM_BYTES + LONGEST_NAME_BYTES;
  if (Buffer.byteLength(base) - base.length + longest > MAX_SOCKET_PATH_BYTES)
    return 'has too long a path for a socket';
  if (/%|\$\{/.test(base)) return 'has a path with % or ${, which ssh would expand';
  try {
    const { uid, mode } = statSync(base);
    const isSticky = (mode & 0o1000) !== 0;
    const isOthers = uid !== 0 && uid !== process.geteuid?.();
    return !isSticky && (isOthers || (mode & 0o022) !== 0) ? 'can be changed by other users' : undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

function tryToMake(base: string): { readonly folder: string } | string {
  try {
    if (!swept.has(base)) removeOrphanedFolders(base);
    swept.add(base);
    const folder = mkdtempSync(join(base, ownedName()));
    chmodSync(folder, 0o700);
    if (open.size === 0) process.on('exit', removeAll);
    open.add(folder);
    return { folder };
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  const code = errorCode(error);
  return code === 'ENOENT' ? 'does not exist' : `cannot be used (${code})`;
}

function removeAll(): void {
  for (const folder of open) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Something still writes there: the next process removes it.
    }
  }
}
