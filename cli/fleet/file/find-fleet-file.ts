import path from 'node:path';
import { CliError } from '../../errors.js';
import { suggestion } from '../../input/nearest-word.js';
import { chosenFleet } from './chosen-fleet.js';
import type { Fleet } from './fleet.js';
import { fleetFile, fleetNames, isOwnFleetFile } from './fleet-paths.js';
import { type FleetFile, readFleetFile } from './read-fleet.js';

const ENDING = /\.ya?ml$/;

/**
 * The file of a fleet as a person gave it: a name, for `fleets/NAME.yaml` in their configuration, or a file.
 * @throws CliError `usage` for a name that is not known
 */
export async function findFleetFile(wanted: string): Promise<FleetFile> {
  if (!wanted.includes('/') && !ENDING.test(wanted)) return requireKnownFleet(wanted);
  const file = path.resolve(wanted);
  return { file, isNamed: !isOwnFleetFile(file) };
}

/** The file of a fleet by its name. @throws CliError `usage` for one that is not known, with the nearest */
export async function requireKnownFleet(name: string): Promise<FleetFile> {
  const known = await knownFleet(name);
  if (known !== undefined) return known;
  const names = await fleetNames();
  const others = names.length === 0 ? '' : ` Known fleets: ${names.join(', ')}.`;
  const message = `No fleet named ${name} is known here${suggestion(name, names)}.${others} Pass --ssh-url user@host to reach it.`;
  throw new CliError('usage', message);
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
  const file = await findUsedFile(flags);
  return file && (await readFleetFile(file)).fleet;
}

/** The file of that fleet. @throws CliError `usage` also when none is meant */
export async function findOneFleetFile(flags: { readonly fleet?: string | undefined }): Promise<FleetFile> {
  const file = await findUsedFile(flags);
  if (file !== undefined) return file;
  throw noneMeant(await fleetNames());
}

/** What to do where no fleet is meant. @param names those that are known */
export function noneMeant(names: readonly string[]): CliError {
  const message =
    names.length > 0
      ? `Several fleets are known here: ${names.join(', ')}. Pass --fleet NAME, or choose one with "hawser fleet use NAME".`
      : 'No fleet is known here: make one with "hawser up DESTINATION", or add one with "hawser fleet add FILE".';
  return new CliError('usage', message);
}

/** The file of that fleet, not read yet. @throws as {@link findFleet} */
export async function findUsedFile(flags: {
  readonly fleet?: string | undefined;
}): Promise<FleetFile | undefined> {
  const wanted = wantedFleet(flags);
  return wanted === undefined ? (await usualFleet())?.file : findFleetFile(wanted);
}
