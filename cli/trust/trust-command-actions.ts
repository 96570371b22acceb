import path from 'node:path';
import { CliError } from '../errors.js';
import { CONFIG_NAME, findNearestFile, readFolderConfig, realPath } from '../fleet/find-config.js';
import type { Lines } from '../output/escaped-lines.js';
import { formatTable, lines } from '../output/print.js';
import { workingFolder } from '../system/user-folders.js';
import { decideTrust } from './decide-trust.js';
import { keyLines } from './format-settings.js';
import { forgetTrust, listTrusted, rememberTrust, type TrustedFolder } from './trusted-folders.js';

/** The result of `hawser trust`: for a program and for a person. */
export interface TrustOutcome {
  readonly value: unknown;
  readonly text: string | Lines;
}

/**
 * Trusts the file of a directory as it is now.
 *
 * @param folder undefined for the nearest one upward from the working directory
 * @throws CliError `usage` when there is no file, or a wrong one, `not-yours` when another user owns it
 */
export async function trustFolder(folder: string | undefined): Promise<TrustOutcome> {
  const file =
    folder === undefined ? await findNearestFile(workingFolder()) : path.resolve(folder, CONFIG_NAME);
  const { connection, exists } = file === undefined ? { exists: false } : await readFolderConfig(file);
  if (!exists) throw noFile(folder);
  if (connection === undefined || connection.origin !== 'folder') {
    const value = { file, trusted: false, keys: {} };
    return { value, text: `${file} only describes an app: nothing in it needs trust.` };
  }
  const { folderConfig } = connection;
  const verdict = decideTrust(folderConfig, undefined, []);
  if (verdict.kind === 'not-yours') throw new CliError('not-yours', verdict.message);
  const trusted: TrustedFolder = {
    folder: folderConfig.folder,
    digest: folderConfig.digest,
    since: new Date().toISOString(),
  };
  await rememberTrust(trusted);
  const keys = Object.fromEntries(folderConfig.keys.map(({ key, values }) => [key, values]));
  const text = `You now trust ${folderConfig.file} to decide how to reach the fleet, until this changes:`;
  return {
    value: { file: folderConfig.file, folder: trusted.folder, trusted: true, keys },
    text: lines([text, ...keyLines(folderConfig.keys)]),
  };
}

/** Forgets that a directory is trusted; one that was not is no error. */
export async function forgetFolder(folder: string): Promise<TrustOutcome> {
  const places = new Set([folder, await realPath(folder)]);
  const forgotten = await Promise.all([...places].map(forgetTrust));
  const removed = forgotten.includes(true);
  const text = removed ? `${folder} is no longer trusted.` : `${folder} was not trusted.`;
  return { value: { folder, removed }, text };
}

/** Lists the trusted directories and whether each has changed. */
export async function listFolders(): Promise<TrustOutcome> {
  const trusted = await listTrusted();
  const list = await Promise.all(
    trusted.map(async (one) => ({ folder: one.folder, since: one.since, state: await stateOf(one) })),
  );
  if (list.length === 0) return { value: list, text: 'You trust no directory.' };
  const rows = list.map(({ folder, state, since }) => [folder, state, since.replace('T', ' ').slice(0, 19)]);
  return { value: list, text: formatTable(['DIRECTORY', 'STATE', 'SINCE (UTC)'], rows) };
}

async function stateOf(trusted: TrustedFolder): Promise<'trusted' | 'changed' | 'gone'> {
  try {
    const { connection } = await readFolderConfig(path.join(trusted.folder, CONFIG_NAME));
    if (connection?.origin !== 'folder') return 'gone';
    return decideTrust(connection.folderConfig, trusted, []).kind === 'trusted' ? 'trusted' : 'changed';
  } catch (error) {
    // A file that is wrong now has changed, and the list goes on.
    if (error instanceof CliError && error.code === 'usage') return 'changed';
    throw error;
  }
}

function noFile(folder: string | undefined): CliError {
  const where = folder === undefined ? `in ${workingFolder()} or above it` : `in ${path.resolve(folder)}`;
  return new CliError('usage', `There is no ${CONFIG_NAME} ${where}.`);
}
