import { matchesWildcards } from '../wildcards.js';

/** What Host and Match compare. */
export interface MatchSubject {
  /** What Host compares: the host as typed, in the final pass its HostName. */
  readonly host: string;
  /** As typed. */
  readonly alias: string;
  /** Found so far. */
  readonly hostname: string;
  readonly user: string;
  readonly localUser: string;
  /** Whether this is the second reading, which `Match final` asks for. */
  readonly isFinalPass: boolean;
}

/** What a Match line comes to; `problem` says why it cannot be told. */
export type MatchVerdict =
  | { readonly matches: boolean; readonly wantsFinalPass: boolean }
  | { readonly problem: string };

interface Criterion {
  readonly name: string;
  readonly isNegated: boolean;
  /** Empty for those that take none. */
  readonly value: string;
}

const WITHOUT_VALUE = ['all', 'canonical', 'final'];

/**
 * Reads the criteria of a Match line.
 * @param isNeeded whether the answer matters: where it does not, nothing that cannot be told is a problem
 */
export function judgeMatch(args: readonly string[], subject: MatchSubject, isNeeded: boolean): MatchVerdict {
  const criteria = readCriteria(args);
  if (typeof criteria === 'string') return { problem: criteria };
  let matches = isNeeded;
  for (const criterion of criteria) {
    const verdict = judgeCriterion(criterion, subject, matches);
    if (typeof verdict === 'string') return { problem: verdict };
    if (verdict === criterion.isNegated) matches = false;
  }
  return { matches, wantsFinalPass: criteria.some(({ name }) => name === 'final') };
}

function readCriteria(args: readonly string[]): Criterion[] | string {
  const criteria: Criterion[] = [];
  const left = args.flatMap(splitAtEquals);
  while (left.length > 0) {
    const written = left.shift() ?? '';
    const name = written.replace(/^!/, '').toLowerCase();
    const value = WITHOUT_VALUE.includes(name) ? '' : left.shift();
    if (value === undefined || value === '=' || (value === '' && !WITHOUT_VALUE.includes(name)))
      return `${name} lacks its value`;
    criteria.push({ name, isNegated: written.startsWith('!'), value });
  }
  const isAllMisplaced = criteria.some(
    ({ name, isNegated }, at) =>
      name === 'all' &&
      (isNegated ||
        at < criteria.length - 1 ||
        criteria.slice(0, at).some((other) => !['canonical', 'final'].includes(other.name))),
  );
  if (isAllMisplaced) return 'all stands alone';
  return criteria.length === 0 ? 'it has no criteria' : criteria;
}

function judgeCriterion(
  { name, value }: Criterion,
  subject: MatchSubject,
  isNeeded: boolean,
): boolean | string {
  const patterns = value.split(',');
  switch (name) {
    case 'all':
      return true;
    case 'canonical':
    case 'final':
      return subject.isFinalPass;
    case 'host':
      return matchesAny(lower(patterns), subject.hostname.toLowerCase());
    case 'originalhost':
      return matchesAny(lower(patterns), subject.alias.toLowerCase());
    case 'user':
      return matchesAny(patterns, subject.user);
    case 'localuser':
      return matchesAny(patterns, subject.localUser);
    case 'exec':
      return isNeeded ? 'Match exec needs the ssh program, which is not installed' : false;
    default:
      return `Match ${name} is not understood without the ssh program`;
  }
}

/** Whether a list of patterns covers a text: one matches, and no negated one does. */
export function matchesAny(patterns: readonly string[], text: string): boolean {
  let covered = false;
  for (const pattern of patterns) {
    const isNegated = pattern.startsWith('!');
    if (!matchesWildcards(isNegated ? pattern.slice(1) : pattern, text)) continue;
    if (isNegated) return false;
    covered = true;
  }
  return covered;
}

function lower(patterns: readonly string[]): string[] {
  return patterns.map((pattern) => pattern.toLowerCase());
}

/** `host=a` is the same as `host a`. */
function splitAtEquals(argument: string): string[] {
  const named = /^(!?[a-z]+)=(.*)$/is.exec(argument);
  return named === null ? [argument] : [named[1] ?? '', named[2] ?? ''];
}
