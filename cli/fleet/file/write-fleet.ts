import { constants } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../../errors.js';
import { explainFileError } from '../../system/explain-file-error.js';
import { isOursOrRoots } from '../../system/is-our-file.js';
import { makePrivateFolder, writePrivateFile } from '../../system/private-files.js';
import { isAbsent } from '../../system/user-folders.js';
import { readConfigFile } from '../read-config-file.js';
import type { Fleet } from './fleet.js';
import { isOwnFleetFile } from './fleet-paths.js';
import { formatFleetFile } from './format-fleet-file.js';
import { parseFleetFile, requireNameOfFile } from './parse-fleet-file.js';

const PRIVATE_MODE = 0o600;

/**
 * Writes what a fleet is to `fleet.file`, whole or not at all. What else the file holds stays: comments and connection keys.
 *
 * @throws CliError `usage` for a fleet that no file can hold, or a file that cannot be written; `not-yours` for a link, and
 * a file or directory of another user
 */
export async function writeFleet(fleet: Fleet): Promise<void> {
  const found = await readConfigFile(fleet.file);
  const before = found?.content.toString() ?? '';
  const known = found === undefined ? undefined : parseFleetFile(before, fleet.file).fleet;
  await writeFleetText(fleet.file, formatFleetFile(fleet, before, known));
}

/** Writes the file of a new fleet. @throws CliError as {@link writeFleet}, and `usage` for a file that is there already */
export function createFleet(fleet: Fleet): Promise<void> {
  return writeFleetText(fleet.file, formatFleetFile(fleet), { isNew: true });
}

/** Replaces a whole fleet file. @throws CliError as {@link writeFleet}; `usage` for a text with mistakes */
export async function writeFleetText(
  file: string,
  text: string,
  { isNew = false }: { readonly isNew?: boolean } = {},
): Promise<void> {
  const { fleet } = parseFleetFile(text, file);
  if (isOwnFleetFile(file)) {
    requireNameOfFile(fleet);
    await makePrivateFolder(path.dirname(file), 'Cannot keep fleets in');
  }
  const mode = await modeToKeep(file);
  await writePrivateFile(file, text, { mode, isNew });
}

/** The permissions that the file is to have: as private as ours are, else what its owner chose. */
async function modeToKeep(file: string): Promise<number> {
  try {
    const folder = await stat(path.dirname(file));
    if (!isOursOrRoots(folder.uid)) throw isTheirs(path.dirname(file));
    const found = await lstat(file);
    if ((found.mode & constants.S_IFMT) === constants.S_IFLNK) throw isLink(file);
    if (!isOursOrRoots(found.uid)) throw isTheirs(file);
    return isOwnFleetFile(file) ? PRIVATE_MODE : found.mode & 0o777;
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (isAbsent(error)) return PRIVATE_MODE;
    throw new CliError('usage', `Cannot write ${file}: ${explainFileError(error)}.`, { cause: error });
  }
}

function isLink(file: string): CliError {
  const message = `${file} is a symbolic link, which hawser does not write through: put the file itself there.`;
  return new CliError('not-yours', message);
}

function isTheirs(place: string): CliError {
  return new CliError('not-yours', `${place} belongs to another user, so hawser writes no fleet there.`);
}
