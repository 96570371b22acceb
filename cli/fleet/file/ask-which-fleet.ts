import { counted, listed } from '../../output/format-quantities.js';
import { type Choice, chooseOne } from '../../prompts/choose-one.js';
import { requireKnownFleet } from './find-fleet-file.js';
import { readFleetFile } from './read-fleet.js';

/** Has a person choose one of the fleets that they know. Only for a terminal. @returns its name */
export async function askWhichFleet(names: readonly string[], signal: AbortSignal): Promise<string> {
  const choices = await Promise.all(names.map(describe));
  return chooseOne('To which fleet?', choices, signal);
}

/** A file with mistakes is told once it is chosen. */
async function describe(name: string): Promise<Choice> {
  try {
    const { fleet } = await readFleetFile(await requireKnownFleet(name));
    const hosts = fleet.hosts.map((host) => host.name);
    const which = hosts.length === 0 ? '' : ` (${counted(hosts.length, 'host')}: ${listed(hosts)})`;
    return { value: name, name: `${name}${which}` };
  } catch {
    return { value: name, name };
  }
}
