import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../errors.js';
import { couldOthersWrite, readConfigFile } from '../fleet/read-config-file.js';
import { makePrivateFolder, writePrivateFile } from '../system/private-files.js';
import { isAbsent, ownConfigFolder } from '../system/user-folders.js';

/** That a person trusts the `hawser.yaml` of a directory, as long as its keys are those of then. */
export interface TrustedFolder {
  /** Absolute, without links. */
  readonly folder: string;
  readonly digest: string;
  /** ISO 8601. */
  readonly since: string;
}

/**
 * Remembers what a person trusts: one file a directory, so that two that are trusted at the same time do not lose each other.
 *
 * @throws CliError `usage` for a user without a home, `not-yours` where others could have written to the directory.
 */
export async function rememberTrust(trusted: TrustedFolder): Promise<void> {
  const folder = trustFolder();
  if (folder === undefined) {
    throw new CliError(
      'usage',
      'Your user has no home directory to remember this in: set HOME or XDG_CONFIG_HOME.',
    );
  }
  await makePrivateFolder(folder, 'Cannot save the directories that you trust in');
  await writePrivateFile(fileOf(folder, trusted.folder), `${JSON.stringify(trusted)}\n`);
}

/** What is remembered of a directory. @throws CliError `not-yours` when others could have written it. */
export async function recallTrust(folder: string): Promise<TrustedFolder | undefined> {
  const store = trustFolder();
  return store === undefined ? undefined : read(fileOf(store, folder));
}

/** Everything that is remembered, by directory. */
export async function listTrusted(): Promise<TrustedFolder[]> {
  const store = trustFolder();
  if (store === undefined) return [];
  const names = await namesIn(store);
  const found = await Promise.all(names.map((name) => read(path.join(store, name))));
  return found
    .flatMap((one) => (one === undefined ? [] : [one]))
    .sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/** @returns whether there was something to forget. */
export async function forgetTrust(folder: string): Promise<boolean> {
  const store = trustFolder();
  if (store === undefined) return false;
  try {
    await rm(fileOf(store, folder));
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** Where what a person trusts is remembered; undefined for a user without a home. */
export function trustFolder(): string | undefined {
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
  if (await couldOthersWrite(found)) throw notPrivate(file);
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

function notPrivate(file: string): CliError {
  const message = `${file} is not private: another user could have written it. Delete it and trust those directories again.`;
  return new CliError('not-yours', message);
}
