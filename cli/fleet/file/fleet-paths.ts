import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../../errors.js';
import { explainFileError } from '../../system/explain-file-error.js';
import { isAbsent, ownConfigFolder } from '../../system/user-folders.js';
import { readConfigFile } from '../read-config-file.js';
import { NAME } from './fleet.js';

const ENDING = '.yaml';

/** The directory of the fleets that a person knows; undefined for a user without a home. */
export function fleetsFolder(): string | undefined {
  const own = ownConfigFolder();
  return own === undefined ? undefined : path.join(own, 'fleets');
}

/** Where the file of a fleet belongs. @throws CliError `usage` for a user without a home */
export function fleetFile(name: string): string {
  return path.join(requireFleetsFolder(), `${name}${ENDING}`);
}

/**
 * Where the key of a fleet's authority belongs: always in the person's own configuration, also for a fleet file that is
 * elsewhere. @throws CliError `usage` for a user without a home
 */
export function authorityKeyFile(name: string): string {
  return path.join(requireFleetsFolder(), `${name}.key`);
}

/** Where the key of a new authority is until the fleet file names that. @throws CliError as {@link authorityKeyFile} */
export function nextAuthorityKeyFile(name: string): string {
  return `${authorityKeyFile(name)}.next`;
}

/** Whether the key of a fleet's authority is on this machine. */
export async function hasAuthorityKey(name: string): Promise<boolean> {
  return (await readConfigFile(authorityKeyFile(name))) !== undefined;
}

/** Whether a file is one of the person's own configuration. */
export function isOwnFleetFile(file: string): boolean {
  return path.dirname(file) === fleetsFolder();
}

/** The names of the fleets that a person knows, sorted. @throws CliError `usage` for a directory that cannot be read */
export async function fleetNames(): Promise<string[]> {
  const folder = fleetsFolder();
  if (folder === undefined) return [];
  try {
    const files = (await readdir(folder)).filter((file) => file.endsWith(ENDING)).sort();
    return files.map((file) => file.slice(0, -ENDING.length)).filter((name) => NAME.test(name));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw new CliError('usage', `Cannot read ${folder}: ${explainFileError(error)}.`, { cause: error });
  }
}

function requireFleetsFolder(): string {
  const folder = fleetsFolder();
  if (folder !== undefined) return folder;
  const message = 'Your user has no home directory to keep fleets in: set HOME or XDG_CONFIG_HOME.';
  throw new CliError('usage', message);
}
