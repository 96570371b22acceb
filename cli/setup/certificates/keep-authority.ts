import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../../errors.js';
import type { Fleet } from '../../fleet/file/fleet.js';
import { authorityKeyFile } from '../../fleet/file/fleets-folder.js';
import { explainFileError } from '../../system/explain-file-error.js';
import { makePrivateFolder, writePrivateFile } from '../../system/private-files.js';
import { isAbsent } from '../../system/user-folders.js';
import { type Authority, createAuthority } from './issue-certificate.js';

/** The authority of a fleet; undefined where this machine has not its key. @throws CliError `usage` for an unreadable key */
export async function loadAuthority({
  name,
  authority: cert,
}: Pick<Fleet, 'name' | 'authority'>): Promise<Authority | undefined> {
  if (cert === undefined) return undefined;
  const file = authorityKeyFile(name);
  try {
    return { cert, key: await readFile(file, 'utf8') };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw new CliError('usage', `Cannot read ${file}: ${explainFileError(error)}.`, { cause: error });
  }
}

/** Makes a fleet its authority; the key goes beside the fleet file and nowhere else. @returns its certificate, for the fleet file */
export async function makeAuthority(name: string): Promise<Authority> {
  const authority = createAuthority(name);
  const file = authorityKeyFile(name);
  await makePrivateFolder(path.dirname(file), 'Cannot keep the key of the fleet in');
  await writePrivateFile(file, authority.key);
  return authority;
}
