import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../errors.js';
import { readConfigFile } from '../fleet/read-config-file.js';
import { isAbsent, ownConfigFolder } from '../system/user-folders.js';
import { isOursOrRoots } from './is-our-file.js';

/** That a person trusts the `hawser.yaml` of a directory, as long as its keys are those of then. */
export interface TrustedFolder {
  /** Absolute, without links. */
  readonly folder: string;
  readonly digest: string;
  /** ISO 8601. */
  readonly since: string;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * Remembers what a person trusts: one file a directory, so that two that are trusted at the same time do not lose each other.
 *
 * @throws CliError `usage` for a user without a home, `not-yours` where others could have written to the directory.
 */
export async function rememberTrust(trusted: TrustedFolder): Promise<void> {
  const folder = storeFolder();
  if (folder === undefined) {
    throw new CliError(
      'usage',
      'Your user has no home directory to remember this in: set HOME or XDG_CONFIG_HOME.',
    );
  }
  await makeStore(folder);
  const file = fileOf(folder, trusted.folder);
  const fresh = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    // Exclusive, so that nothing that lies there is followed or written to; renaming replaces a link, too.
    await using handle = await open(fresh, 'wx', FILE_MODE);
    await handle.writeFile(`${JSON.stringify(trusted)}\n`);
    await handle.sync();
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw new CliError('usage', `Cannot write ${file}: ${(error as Error).message}.`, { cause: error });
  }
}

async function makeStore(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    for (const one of [path.dirname(folder), folder]) await keepPrivate(one);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    // A file stands where a directory of the path should: HOME=/dev/null, as services have it.
    const isFile = code === 'ENOTDIR' || code === 'EEXIST';
    const problem = isFile ? 'part of that path is not a directory; check HOME and XDG_CONFIG_HOME' : message;
    throw new CliError('usage', `Cannot save the directories that you trust in ${folder}: ${problem}.`, {
      cause: error,
    });
  }
}

/** What is remembered of a directory. @throws CliError `not-yours` when others could have written it. */
export async function recallTrust(folder: string): Promise<TrustedFolder | undefined> {
  const store = storeFolder();
  return store === undefined ? undefined : read(fileOf(store, folder));
}

/** Everything that is remembered, by directory. */
export async function listTrusted(): Promise<TrustedFolder[]> {
  const store = storeFolder();
  if (store === undefined) return [];
  const names = await namesIn(store);
  const found = await Promise.all(names.map((name) => read(path.join(store, name))));
  return found
    .flatMap((one) => (one === undefined ? [] : [one]))
    .sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/** @returns whether there was something to forget. */
export async function forgetTrust(folder: string): Promise<boolean> {
  const store = storeFolder();
  if (store === undefined) return false;
  try {
    await rm(fileOf(store, folder));
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

function storeFolder(): string | undefined {
  const own = ownConfigFolder();
  return own === undefined ? undefined : path.join(own, 'trusted');
}

function fileOf(store: string, folder: string): string {
  return path.join(store, `${createHash('sha256').update(folder).digest('hex')}.json`);
}

async function namesIn(store: string): Promise<string[]> {
  try {
    return (await readdir(store)).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function read(file: string): Promise<TrustedFolder | undefined> {
  const found = await readConfigFile(file);
  if (found === undefined) return undefined;
  const folder = await lstat(path.dirname(file));
  const isWritableByAll = found.isOpenToAll || (folder.mode & constants.S_IWOTH) !== 0;
  if (isWritableByAll || ![...found.owners, folder.uid].every(isOursOrRoots)) throw notPrivate(file);
  const value = parseJson(found.content.toString('utf8'));
  return isTrustedFolder(value) && fileOf(path.dirname(file), value.folder) === file ? value : undefined;
}

/** A file that is damaged says nothing: its directory is not trusted. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTrustedFolder(value: unknown): value is TrustedFolder {
  if (typeof value !== 'object' || value === null) return false;
  const { folder, digest, since } = value as Partial<Record<keyof TrustedFolder, unknown>>;
  return [folder, digest, since].every((field) => typeof field === 'string');
}

async function keepPrivate(folder: string): Promise<void> {
  const { uid, mode } = await lstat(folder);
  if (!isOursOrRoots(uid)) throw notPrivate(folder);
  const isLink = (mode & constants.S_IFMT) === constants.S_IFLNK;
  if (!isLink && (mode & 0o777) !== FOLDER_MODE) await chmod(folder, FOLDER_MODE);
}

function notPrivate(file: string): CliError {
  const message = `${file} is not private: another user could have written it. Delete it and trust those directories again.`;
  return new CliError('not-yours', message);
}
