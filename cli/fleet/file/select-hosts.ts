import { matchesWildcards } from '../../../base/match-wildcards.js';
import { CliError } from '../../errors.js';
import { suggestion } from '../../input/nearest-word.js';

/** A host that can be selected. */
export interface SelectableHost {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What hosts are selected from. */
export interface HostSource<H extends SelectableHost> {
  /** Of the fleet, for errors. */
  readonly name?: string | undefined;
  readonly hosts: readonly H[];
}

type LabelTerm = { readonly key: string; readonly value: string; readonly isNegated: boolean };

/** The name that stands for every host. */
export const ALL_HOSTS = 'all';

/**
 * Selects hosts by names, globs (`web*`), labels (`role=web`, `zone!=b`) and `all`, separated by commas, in the order of
 * the fleet. Names add hosts, labels narrow them down: `web*,zone!=b` is every web host outside zone b, and labels alone
 * narrow down all. Of labels with the same key one has to match: `zone=a,zone=b`. A value may be a glob, too.
 *
 * @throws CliError `usage` for an unknown name, with the nearest, and for a selection that no host matches
 */
export function selectHosts<H extends SelectableHost>(
  { name, hosts }: HostSource<H>,
  selection: string,
): H[] {
  const fleet = name === undefined ? 'the fleet' : `the fleet ${name}`;
  const terms = termsOf(selection);
  const labels = terms.flatMap((term) => labelTerm(term) ?? []);
  const names = terms.filter((term) => labelTerm(term) === undefined);
  for (const term of names) requireMatch(term, hosts, fleet);
  const selected = hosts.filter(
    (host) => (names.length === 0 || names.some((term) => isNamed(host, term))) && hasLabels(host, labels),
  );
  if (selected.length > 0) return selected;
  throw new CliError('usage', `No host of ${fleet} matches ${selection}.${labelsThere(hosts, labels)}`);
}

/** Refuses what selects no hosts whatever the fleet has, for a command that has yet to connect. @throws CliError `usage` */
export function checkSelection(selection: string): void {
  termsOf(selection);
}

function termsOf(selection: string): readonly string[] {
  const terms = selection.split(',').map((term) => term.trim());
  if (!terms.includes('')) return terms;
  throw new CliError(
    'usage',
    `"${selection}" is not a selection of hosts: write names, globs, labels or all, separated by commas.`,
  );
}

function labelTerm(term: string): LabelTerm | undefined {
  const [, key, operator, value = ''] = /^([^=!]+)(!?=)(.*)$/s.exec(term) ?? [];
  return key === undefined ? undefined : { key, value, isNegated: operator === '!=' };
}

function isNamed({ name }: SelectableHost, term: string): boolean {
  return term === ALL_HOSTS || matchesWildcards(term, name);
}

function hasLabels({ labels }: SelectableHost, terms: readonly LabelTerm[]): boolean {
  const matches = ({ key, value }: LabelTerm) => {
    const own = Object.hasOwn(labels, key) ? labels[key] : undefined;
    return own !== undefined && matchesWildcards(value, own);
  };
  return terms.every((term) =>
    term.isNegated
      ? !matches(term)
      : terms.some((other) => !other.isNegated && other.key === term.key && matches(other)),
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
function labelsThere(hosts: readonly SelectableHost[], terms: readonly LabelTerm[]): string {
  const keys = [...new Set(hosts.flatMap(({ labels }) => Object.keys(labels)))];
  const wrong = terms.find(({ key }) => !keys.includes(key));
  if (wrong !== undefined) {
    const there =
      keys.length === 0 ? ': none has any' : suggestion(wrong.key, keys) || `: there are ${keys.join(', ')}`;
    return ` None has the label ${wrong.key}${there}.`;
  }
  return '';
}
