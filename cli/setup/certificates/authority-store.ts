import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../../errors.js';
import type { Fleet } from '../../fleet/file/fleet.js';
import { authorityKeyFile, nextAuthorityKeyFile } from '../../fleet/file/fleet-paths.js';
import { explainFileError } from '../../system/explain-file-error.js';
import { makePrivateFolder, writePrivateFile } from '../../system/private-files.js';
import { isAbsent } from '../../system/user-folders.js';
import { joinAuthorities, splitAuthorities } from './authorities.js';
import { type Authority, createAuthority } from './issue-certificate.js';

/** Which authority issues certificates in a run of `up`, and which ones the hosts trust. */
export interface AuthorityChoice {
  /** Undefined where this machine has not its key, and for a fleet that has none yet. */
  readonly authority: Authority | undefined;
  /** The certificates of all, PEM, the one that issues first; undefined for a fleet that has none yet. */
  readonly trusted: string | undefined;
  /** Whether it was made for this run, and nothing of it is kept yet. */
  readonly isNew: boolean;
  /** Whether certificates can be issued here: the key is there, or is made. */
  readonly canIssue: boolean;
}

/**
 * Chooses the authority that issues certificates; writes nothing. A change to a new one that has begun is gone on with, unless
 * the key of the new one is lost.
 *
 * @param options.wantsNew whether the fleet is to get a new authority
 * @throws CliError as {@link loadAuthority}
 */
export async function chooseAuthority(
  { name, authority: trusted }: Pick<Fleet, 'name' | 'authority'>,
  { wantsNew }: { readonly wantsNew: boolean },
): Promise<AuthorityChoice> {
  if (trusted === undefined) return { authority: undefined, trusted, isNew: false, canIssue: true };
  const known = splitAuthorities(trusted);
  const isChanging = known.length > 1;
  const found = wantsNew && !isChanging ? undefined : await loadAuthority({ name, authority: trusted });
  if (found !== undefined || !wantsNew) {
    return { authority: found, trusted, isNew: false, canIssue: found !== undefined };
  }
  const authority = createAuthority(name);
  return { authority, trusted: joinAuthorities([authority.cert, ...known]), isNew: true, canIssue: true };
}

/**
 * The authority of a fleet; undefined where this machine has not its key.
 *
 * @throws CliError `usage` for a key that cannot be read; `failed` for one of another authority
 */
export async function loadAuthority({
  name,
  authority: trusted,
}: Pick<Fleet, 'name' | 'authority'>): Promise<Authority | undefined> {
  const [cert, ...old] = splitAuthorities(trusted);
  if (cert === undefined) return undefined;
  const file = authorityKeyFile(name);
  const key = await readKey(file);
  if (key !== undefined && isKeyOf(cert, key)) return { cert, key };
  const next = await readKey(nextAuthorityKeyFile(name));
  if (next !== undefined && isKeyOf(cert, next)) return { cert, key: next };
  if (key === undefined || old.some((one) => isKeyOf(one, key))) return undefined;
  const message = `${file} is not the key of the authority that the fleet ${name} has: put the right one there, or move this one away to continue without it.`;
  throw new CliError('failed', message);
}

/**
 * Makes a fleet its authority; the key goes beside the fleet file and nowhere else. A key that is there, as of an earlier
 * fleet of that name, is kept under another name.
 */
export async function makeAuthority(name: string): Promise<Authority> {
  const authority = createAuthority(name);
  await keepNextKey(name, authority);
  await adoptNextKey(name, authority);
  return authority;
}

/**
 * Keeps the key of an authority that the fleet file does not name yet, so that it is there as soon as the file does;
 * {@link adoptNextKey} is to follow.
 */
export async function keepNextKey(name: string, { key }: Authority): Promise<void> {
  const file = nextAuthorityKeyFile(name);
  await makePrivateFolder(path.dirname(file), 'Cannot keep the key of the fleet in');
  await writePrivateFile(file, key);
}

/** Makes the key that {@link keepNextKey} kept the one of the fleet; the one before it is kept under another name. */
export async function adoptNextKey(name: string, { key }: Authority): Promise<void> {
  const [file, nextFile] = [authorityKeyFile(name), nextAuthorityKeyFile(name)];
  const next = await readKey(nextFile);
  if (next === undefined) return;
  // One that no fleet file came to name goes.
  if (next === key) {
    const before = await readKey(file);
    if (before !== undefined && before !== key) await writePrivateFile(`${file}.until-${Date.now()}`, before);
    await writePrivateFile(file, key);
  }
  await rm(nextFile, { force: true });
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw new CliError('usage', `Cannot read ${file}: ${explainFileError(error)}.`, { cause: error });
  }
}

function isKeyOf(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    // One of them is damaged.
    return false;
  }
}
