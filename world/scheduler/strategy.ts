import type { StoredOptions } from './schedule-options.js';

/** A host that may be chosen. */
export interface Candidate {
  readonly hostname: string;
  /** The revision at which it became one: the lower, the longer it has waited. */
  readonly since: bigint;
  readonly options: StoredOptions;
}

/** What a strategy chooses from. */
export interface Choice {
  /** The candidates that pass the hosts filter, sorted by hostname. */
  readonly candidates: readonly Candidate[];
  /** The hosts of the current decision that are still candidates, sorted. */
  readonly last: readonly string[];
  /** The most hosts to choose; never more than there are candidates. */
  readonly maxCount: number;
  /** The options of the schedule. */
  readonly options: StoredOptions;
}

/**
 * Chooses hosts. It is pure: the same choice gives the same hosts, and choosing again with its own result as `last`
 * gives that result again.
 */
export type Strategy = (choice: Choice) => readonly string[];

/** Compares hostnames by code units, the same on every machine. */
export function byName(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Candidates, those that were chosen last before the others, each in the order in which they came. */
export function byTenure({ last }: Choice): (a: Candidate, b: Candidate) => number {
  const chosen = new Set(last);
  return (a, b) =>
    Number(chosen.has(b.hostname)) - Number(chosen.has(a.hostname)) ||
    Number(a.since - b.since) ||
    byName(a.hostname, b.hostname);
}
