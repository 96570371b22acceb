import path from 'node:path';
import { CliError } from '../../errors.js';
import { suggestion } from '../../input/nearest-word.js';
import { chosenFleet } from './chosen-fleet.js';
import type { Fleet } from './fleet.js';
import { fleetFile, fleetNames } from './fleets-folder.js';
import { type FleetFile, readFleetFile } from './read-fleet.js';

const ENDING = /\.ya?ml$/;

/**
 * The file of a fleet as a person gave it: a name, for `fleets/NAME.yaml` in their configuration, or a file.
 * @throws CliError `usage` for a name that is not known
 */
export async function findFleetFile(wanted: string): Promise<FleetFile> {
  if (wanted.includes('/') || ENDING.test(wanted)) return { file: path.resolve(wanted), isNamed: true };
  const known = await knownFleet(wanted);
  if (known !== undefined) return known;
  const names = await fleetNames();
  const near = suggestion(wanted, names);
  const others = names.length === 0 ? '' : ` Known fleets: ${names.join(', ')}.`;
  throw new CliError(
    'usage',
    `No fleet named ${wanted} is known here${near}.${others} Pass --ssh-url user@host to reach it.`,
  );
}

/** The file of a fleet by its name; undefined for one that is not known. */
export async function knownFleet(name: string): Promise<FleetFile | undefined> {
  return (await fleetNames()).includes(name) ? { file: fleetFile(name), isNamed: false } : undefined;
}

/** What a person named for a call or for their shell: `--fleet`, else `HAWSER_FLEET`. */
export function wantedFleet(flags: { readonly fleet?: string | undefined }): string | undefined {
  return flags.fleet ?? (process.env['HAWSER_FLEET'] || undefined);
}

/** The fleet that is meant where nobody named one. */
interface UsualFleet {
  readonly file: FleetFile;
  /** By `hawser fleet use`; else it is the only one. */
  readonly isChosen: boolean;
}

/**
 * The fleet that is meant where nobody named one: the chosen one, else the only one.
 * @throws CliError `usage` for a chosen fleet that is not there any more
 */
export async function usualFleet(): Promise<UsualFleet | undefined> {
  const [names, chosen] = [await fleetNames(), await chosenFleet()];
  if (chosen !== undefined && !names.includes(chosen)) {
    const message = `The fleet ${chosen}, chosen with "hawser fleet use", is not known here any more. Choose another one: ${names.join(', ') || 'there is none'}.`;
    throw new CliError('usage', message);
  }
  const name = chosen ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined) return undefined;
  return { file: { file: fleetFile(name), isNamed: false }, isChosen: chosen !== undefined };
}

/**
 * The fleet that the flags, the environment, `hawser fleet use` or its being the only one say; undefined if none of them
 * does. @throws CliError `usage` for one that is not known or has mistakes, `not-yours`
 */
export async function findFleet(flags: { readonly fleet?: string | undefined }): Promise<Fleet | undefined> {
  const wanted = wantedFleet(flags);
  const file = wanted === undefined ? (await usualFleet())?.file : await findFleetFile(wanted);
  return file && (await readFleetFile(file)).fleet;
}
