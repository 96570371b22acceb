import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../../errors.js';
import type { Fleet } from '../../fleet/file/fleet.js';
import { authorityKeyFile } from '../../fleet/file/fleets-folder.js';
import { explainFileError } from '../../system/explain-file-error.js';
import { makePrivateFolder, writePrivateFile } from '../../system/private-files.js';
import { isAbsent } from '../../system/user-folders.js';
import { type Authority, createAuthority } from './issue-certificate.js';

/** Whether this machine can issue certificates of a fleet: it has the authority's key, or there is no authority yet. */
export async function canIssue(fleet: Pick<Fleet, 'name' | 'authority'>): Promise<boolean> {
  return fleet.authority === undefined || (await loadAuthority(fleet)) !== undefined;
}

/**
 * The authority of a fleet; undefined where this machine has not its key.
 *
 * @throws CliError `usage` for a key that cannot be read; `failed` for one of another authority
 */
export async function loadAuthority({
  name,
  authority: cert,
}: Pick<Fleet, 'name' | 'authority'>): Promise<Authority | undefined> {
  if (cert === undefined) return undefined;
  const file = authorityKeyFile(name);
  const key = await readKey(file);
  if (key === undefined) return undefined;
  if (isKeyOf(cert, key)) return { cert, key };
  const message = `${file} is not the key of the authority that the fleet ${name} has: put the right one there, or move this one away to continue without it.`;
  throw new CliError('failed', message);
}

/**
 * Makes a fleet its authority; the key goes beside the fleet file and nowhere else. A key that is there, as of an earlier
 * fleet of that name, is kept under another name.
 */
export async function makeAuthority(name: string): Promise<Authority> {
  const authority = createAuthority(name);
  const file = authorityKeyFile(name);
  await makePrivateFolder(path.dirname(file), 'Cannot keep the key of the fleet in');
  const before = await readKey(file);
  if (before !== undefined) await writePrivateFile(`${file}.until-${Date.now()}`, before);
  await writePrivateFile(file, authority.key);
  return authority;
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
