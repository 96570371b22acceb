import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../errors.js';
import { explainFileError } from '../system/explain-file-error.js';
import { isAbsent, ownConfigFolder } from '../system/user-folders.js';

/** A file with the connection keys of one fleet. */
export interface FleetFile {
  readonly file: string;
  /** Whether the person named the file itself, which counts whoever owns it. */
  readonly isNamed: boolean;
}

const ENDING = '.yaml';
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * The file of a fleet as a person gave it: a name, for `fleets/NAME.yaml` in their configuration, or a file.
 * @throws CliError `usage` for a name that is not known
 */
export async function findFleetFile(wanted: string): Promise<FleetFile> {
  if (wanted.includes('/') || wanted.endsWith(ENDING)) return { file: path.resolve(wanted), isNamed: true };
  const known = await knownFleet(wanted);
  if (known !== undefined) return known;
  const names = await fleetNames();
  const others = names.length === 0 ? '' : ` Known fleets: ${names.join(', ')}.`;
  throw new CliError(
    'usage',
    `No fleet named ${wanted} is known here.${others} Pass --ssh-url user@host to reach it.`,
  );
}

/** The file of a fleet by its name; undefined for one that is not known. */
export async function knownFleet(name: string): Promise<FleetFile | undefined> {
  const folder = fleetsFolder();
  if (folder === undefined || !(await fleetNames()).includes(name)) return undefined;
  return { file: path.join(folder, `${name}${ENDING}`), isNamed: false };
}

/** The only known fleet, which needs no name. */
export async function onlyFleet(): Promise<FleetFile | undefined> {
  const [name, ...others] = await fleetNames();
  return name === undefined || others.length > 0 ? undefined : await knownFleet(name);
}

function fleetsFolder(): string | undefined {
  const own = ownConfigFolder();
  return own === undefined ? undefined : path.join(own, 'fleets');
}

async function fleetNames(): Promise<string[]> {
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
