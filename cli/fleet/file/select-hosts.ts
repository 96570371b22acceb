import {
  type HostSelection,
  isNamed,
  isSelected,
  parseSelection,
  type SelectableHost,
} from '../../../world/agents/host-selection.js';
import { CliError } from '../../errors.js';
import { suggestion } from '../../input/nearest-word.js';

/** What hosts are selected from. */
export interface HostSource<H extends SelectableHost> {
  /** Of the fleet, for errors. */
  readonly name?: string | undefined;
  readonly hosts: readonly H[];
}

/**
 * Selects hosts by names, globs (`web*`), labels (`role=web`, `zone!=b`) and `all`, separated by commas, in the order of
 * the fleet: as `isSelected` has it.
 *
 * @throws CliError `usage` for an unknown name, with the nearest, and for a selection that no host matches
 */
export function selectHosts<H extends SelectableHost>(
  { name, hosts }: HostSource<H>,
  selection: string,
): H[] {
  const fleet = name === undefined ? 'the fleet' : `the fleet ${name}`;
  const parsed = readSelection(selection);
  for (const term of parsed.names) requireMatch(term, hosts, fleet);
  const selected = hosts.filter((host) => isSelected(parsed, host));
  if (selected.length > 0) return selected;
  throw new CliError(
    'usage',
    `No host of ${fleet} matches ${selection}.${labelsThere(hosts, parsed.labels)}`,
  );
}

/** @throws CliError `usage` for a text that selects nothing in any fleet */
export function checkSelection(selection: string): void {
  readSelection(selection);
}

function readSelection(selection: string): HostSelection {
  const parsed = parseSelection(selection);
  if (parsed !== undefined) return parsed;
  throw new CliError(
    'usage',
    `"${selection}" is not a selection of hosts: write names, globs, labels or all, separated by commas.`,
  );
}

function requireMatch(term: string, hosts: readonly SelectableHost[], fleet: string): void {
  if (hosts.some((host) => isNamed(host, term))) return;
  if (hosts.length === 0)
    throw new CliError('usage', `There is no host in ${fleet} yet: add one with "hawser up DESTINATION".`);
  const names = hosts.map(({ name }) => name);
  const known = suggestion(term, names) || `: its hosts are ${names.join(', ')}`;
  throw new CliError('usage', `No host of ${fleet} is called ${term}${known}.`);
}

/** What the labels that were asked for are where there are any, so that a typing error shows. */
function labelsThere(hosts: readonly SelectableHost[], terms: HostSelection['labels']): string {
  const keys = [...new Set(hosts.flatMap(({ labels }) => Object.keys(labels)))];
  const wrong = terms.find(({ key }) => !keys.includes(key));
  if (wrong !== undefined) {
    const there =
      keys.length === 0 ? ': none has any' : suggestion(wrong.key, keys) || `: there are ${keys.join(', ')}`;
    return ` None has the label ${wrong.key}${there}.`;
  }
  return '';
}
