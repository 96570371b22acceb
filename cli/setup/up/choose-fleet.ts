import { randomUUID } from 'node:crypto';
import { CliError } from '../../errors.js';
import { findFleet, knownFleet } from '../../fleet/file/find-fleet-file.js';
import type { Fleet } from '../../fleet/file/fleet.js';
import { fleetFile } from '../../fleet/file/fleet-paths.js';
import { readFleet } from '../../fleet/file/read-fleet.js';

/** What a new fleet is called unless the person says otherwise. */
const USUAL_NAME = 'prod';

/** What says which fleet is meant. */
export interface FleetChoice {
  /** `--name`: of a new fleet, or of the one that an earlier run has begun. */
  readonly name?: string | undefined;
  /** `--fleet`. */
  readonly fleet?: string | undefined;
  readonly namespace?: string | undefined;
  readonly clusterSize?: number | undefined;
  /** Asks what to call a new fleet; undefined where nobody can be asked. */
  readonly askName: ((usual: string) => Promise<string>) | undefined;
}

/** A fleet, and whether there is a file of it yet. */
export interface ChosenFleet {
  readonly fleet: Fleet & { readonly id: string };
  readonly isNew: boolean;
  /** Whether the file had the id: an earlier run came so far that a host may have begun. */
  readonly hasId: boolean;
}

/** Finds the fleet that is meant, or describes a new one; writes nothing. @throws CliError `usage` as `findFleet` */
export async function chooseFleet(choice: FleetChoice): Promise<ChosenFleet> {
  const found = await findChosen(choice);
  if (found !== undefined) {
    const { clusterSize = found.clusterSize } = choice;
    const size = clusterSize === undefined ? {} : { clusterSize };
    const fleet = { ...found, ...size, id: found.id ?? randomUUID() };
    return { fleet, isNew: false, hasId: found.id !== undefined };
  }
  const name = choice.name ?? (await choice.askName?.(USUAL_NAME)) ?? USUAL_NAME;
  const problem = fleetNameProblem(name);
  if (problem !== undefined) throw new CliError('usage', problem);
  const { clusterSize, namespace } = choice;
  const fleet = {
    name,
    file: fleetFile(name),
    id: randomUUID(),
    hosts: [],
    knownHosts: [],
    ...(clusterSize === undefined ? {} : { clusterSize }),
    ...(namespace === undefined ? {} : { namespace }),
  };
  return { fleet, isNew: true, hasId: false };
}

/** What is wrong with the name of a new fleet. */
export function fleetNameProblem(name: string): string | undefined {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) return undefined;
  return `"${name}" cannot be the name of a fleet: use lower-case letters, digits and dashes.`;
}

async function findChosen({ name, fleet }: FleetChoice): Promise<Fleet | undefined> {
  if (name === undefined) return findFleet({ fleet });
  const known = await knownFleet(name);
  return known && readFleet(known.file);
}
