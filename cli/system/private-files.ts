import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, link, lstat, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../errors.js';
import { isOursOrRoots } from './is-our-file.js';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * Makes a directory below the person's configuration, and takes it and the one that it is in away from other users.
 *
 * @param purpose the start of the error's sentence, such as "Cannot save fleets in"
 * @throws CliError `not-yours` for one that another user owns; `usage` when it cannot be made
 */
export async function makePrivateFolder(folder: string, purpose: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    for (const one of [path.dirname(folder), folder]) await keepPrivate(one);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    // A file stands where a directory of the path should: HOME=/dev/null, as services have it.
    const isFile = code === 'ENOTDIR' || code === 'EEXIST';
    const problem = isFile ? 'part of that path is not a directory; check HOME and XDG_CONFIG_HOME' : message;
    throw new CliError('usage', `${purpose} ${folder}: ${problem}.`, { cause: error });
  }
}

/** How to write a file. */
interface WriteOptions {
  /** Default 0600. */
  readonly mode?: number;
  /** Refuse to replace a file, also one that appears meanwhile. */
  readonly isNew?: boolean;
}

/**
 * Writes a file whole or not at all; it is on the disk before it gets its name. Nothing that lies there is followed or
 * written to: a link is replaced.
 *
 * @throws CliError `usage` when it cannot be written, or is there already and must not be
 */
export async function writePrivateFile(
  file: string,
  content: string | Uint8Array,
  { mode = FILE_MODE, isNew = false }: WriteOptions = {},
): Promise<void> {
  const fresh = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    // Exclusive, so that nothing that lies there is followed or written to.
    await using handle = await open(fresh, 'wx', mode);
    await handle.chmod(mode);
    await handle.writeFile(content);
    await handle.sync();
    await (isNew ? link(fresh, file) : rename(fresh, file));
    await syncFolder(path.dirname(file));
  } catch (error) {
    if (isNew && (error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CliError('usage', `${file} exists already.`, { cause: error });
    }
    throw new CliError('usage', `Cannot write ${file}: ${(error as Error).message}.`, { cause: error });
  } finally {
    await rm(fresh, { force: true });
  }
}

/** A link of ours may lead to another place of ours. */
async function keepPrivate(folder: string): Promise<void> {
  const { uid } = await lstat(folder);
  const behind = await stat(folder);
  if (!isOursOrRoots(uid) || !isOursOrRoots(behind.uid)) {
    const message = `${folder} belongs to another user, so hawser keeps nothing there. Make it yours with chown.`;
    throw new CliError('not-yours', message);
  }
  if ((behind.mode & 0o777) !== FOLDER_MODE) await chmod(folder, FOLDER_MODE);
}

/** So that the new name outlives a crash. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, constants.O_RDONLY);
  await handle.sync();
}
