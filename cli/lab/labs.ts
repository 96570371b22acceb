import type { FleetSummary, TestFleet } from '../../testing/index.js';
import { CliError } from '../errors.js';
import { type OutputOptions, printNote } from '../output/print.js';
import { withTesting } from './load-testing.js';

/** What a lab is called that nobody gave a name. */
const DEFAULT_NAME = 'lab';

/** A lab, and its name. */
export type Lab = FleetSummary & { readonly name: string };

/** This user's labs, oldest first, once those are removed of which nothing runs any more. */
export async function listLabs(flags: OutputOptions): Promise<Lab[]> {
  await removeDeadLabs(flags);
  const fleets = await withTesting((testing) => testing.listFleets());
  return fleets.filter(isLab);
}

/** The names of labs, or of the hosts in them. */
export async function namesInLabs(kind: 'labs' | 'lab-hosts'): Promise<readonly string[]> {
  const labs = (await withTesting((testing) => testing.listFleets())).filter(isLab);
  return kind === 'labs' ? labs.map(({ name }) => name) : [...new Set(labs.flatMap(({ hosts }) => hosts))];
}

async function removeDeadLabs(flags: OutputOptions): Promise<void> {
  for (const name of await withTesting((testing) => testing.removeDeadFleets())) {
    printNote(flags, `Removed what was left of ${name}, whose hosts no longer run.`);
  }
}

/**
 * The lab that is meant: the one of that name; without a name the only one, or the one named `lab`.
 * @throws CliError `usage`
 */
export async function findLab(name: string | undefined, flags: OutputOptions): Promise<TestFleet> {
  const labs = await listLabs(flags);
  const { id } = chooseLab(labs, name);
  return withTesting((testing) => testing.attachFleet(id));
}

/** @throws CliError `usage` */
export function chooseLab(labs: readonly Lab[], name: string | undefined): Lab {
  const names = labs.map((lab) => lab.name).join(', ');
  if (labs.length === 0) throw new CliError('usage', 'No lab runs: start one with "hawser lab up".');
  const only = labs.length === 1 ? labs[0] : labs.find((lab) => lab.name === DEFAULT_NAME);
  const found = name === undefined ? only : labs.find((lab) => lab.name === name);
  if (found !== undefined) return found;
  const message =
    name === undefined
      ? `There are several labs (${names}): say which with --name.`
      : `No lab ${name} runs; there is ${names}.`;
  throw new CliError('usage', message);
}

function isLab(fleet: FleetSummary): fleet is Lab {
  return fleet.kept && fleet.name !== undefined;
}
