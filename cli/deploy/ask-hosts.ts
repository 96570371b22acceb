import { ALL_HOSTS } from '../../world/agents/host-selection.js';
import type { ClientWorld } from '../../world/client-world.js';
import { CliError } from '../errors.js';
import { counted, listed } from '../output/format-quantities.js';
import { type Choice, chooseOne } from '../prompts/choose-one.js';
import { chooseSeveral } from '../prompts/choose-several.js';
import { type FleetMember, listFleet } from './read-target-hosts.js';

/** More would hide what there is to choose from. */
const MOST_LABELS = 8;

/** Not the name of a host, nor a label. */
const BY_NAME = '';

/**
 * Has a person choose the hosts of a deploy from those of the fleet. Only for a terminal.
 *
 * @returns a selection; undefined for all of them, and without a question where there are not several
 * @throws CliError `declined` for none
 */
export async function askHosts(world: ClientWorld, signal: AbortSignal): Promise<string | undefined> {
  const hosts = await listFleet(world, signal);
  if (hosts.length < 2) return undefined;
  const chosen = await chooseOne('To which hosts? hawser.yaml does not say.', hostChoices(hosts), signal);
  if (chosen !== BY_NAME) return chosen === ALL_HOSTS ? undefined : chosen;
  const names = await chooseSeveral(
    'Which ones?',
    hosts.map(({ name }) => name),
    signal,
  );
  if (names.length === 0) throw new CliError('declined', 'No host was chosen: nothing was deployed.');
  return names.join(',');
}

/** All, those with a label that not all have, and single ones. */
export function hostChoices(hosts: readonly FleetMember[]): Choice[] {
  const byLabel = new Map<string, string[]>();
  for (const { name, labels } of hosts)
    for (const [key, value] of Object.entries(labels)) {
      const label = `${key}=${value}`;
      byLabel.set(label, [...(byLabel.get(label) ?? []), name]);
    }
  const labels = [...byLabel]
    .filter(([, names]) => names.length < hosts.length)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const shown = (names: readonly string[]) => `${counted(names.length, 'host')}: ${listed(names)}`;
  return [
    { value: ALL_HOSTS, name: `all (${shown(hosts.map(({ name }) => name))})` },
    ...labels
      .slice(0, MOST_LABELS)
      .map(([label, names]) => ({ value: label, name: `${label} (${shown(names)})` })),
    { value: BY_NAME, name: 'choose by name' },
  ];
}
