import { matchesWildcards } from '../../base/match-wildcards.js';

/** A host that can be selected. */
export interface SelectableHost {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface LabelTerm {
  readonly key: string;
  readonly value: string;
  readonly isNegated: boolean;
}

/** A selection of hosts: names, globs and labels, separated by commas. */
export interface HostSelection {
  readonly names: readonly string[];
  readonly labels: readonly LabelTerm[];
}

/** The name that stands for every host. */
export const ALL_HOSTS = 'all';

/** Undefined for a text with an empty term. */
export function parseSelection(text: string): HostSelection | undefined {
  const terms = text.split(',').map((term) => term.trim());
  if (terms.includes('')) return undefined;
  const labels = terms.flatMap((term) => labelTerm(term) ?? []);
  return { names: terms.filter((term) => labelTerm(term) === undefined), labels };
}

/**
 * Whether a selection has a host. Names add hosts, labels narrow them down: `web*,zone!=b` is every web host outside zone b, and
 * labels alone narrow down all. Of labels with the same key one has to match: `zone=a,zone=b`. A value may be a glob, too.
 */
export function isSelected({ names, labels }: HostSelection, host: SelectableHost): boolean {
  return (names.length === 0 || names.some((name) => isNamed(host, name))) && hasLabels(host, labels);
}

/** Whether a name or a glob of a selection means a host. */
export function isNamed({ name }: SelectableHost, term: string): boolean {
  return term === ALL_HOSTS || matchesWildcards(term, name);
}

function labelTerm(term: string): LabelTerm | undefined {
  const [, key, operator, value = ''] = /^([^=!]+)(!?=)(.*)$/s.exec(term) ?? [];
  return key === undefined ? undefined : { key, value, isNegated: operator === '!=' };
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
