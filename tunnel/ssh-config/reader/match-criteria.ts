import { matchesAny } from '../../wildcards.js';
import { cutWord } from './split-lines.js';

/** What Host and Match compare. */
export interface MatchSubject {
  /** What Host compares with: the host as typed, in the final pass its HostName. */
  readonly host: string;
  /** As typed. */
  readonly alias: string;
  /** Found so far. */
  readonly hostname: string;
  readonly user: string;
  readonly localUser: string;
  /** Whether this is the second pass, for `Match final`. */
  readonly isFinalPass: boolean;
  /** Runs a command of `exec`, if that is needed; resolves with whether it exited with status 0. */
  readonly execute: (command: string, isNeeded: boolean) => Promise<boolean>;
}

/** The result of a Match line; `problem` says why it is invalid. */
export type MatchResult =
  | { readonly matches: boolean; readonly wantsFinalPass: boolean }
  | { readonly problem: string };

/** The part of a line that was evaluated so far, from left to right. */
interface Progress {
  matches: boolean;
  wantsFinalPass: boolean;
  criteria: number;
  /** What is still to be read. */
  left: string | undefined;
}

/**
 * Evaluates what follows `Match`, from left to right as OpenSSH does; runs `exec` only if the result depends on it.
 * @param isNeeded whether the result matters; if not, nothing is run
 */
export async function evaluateMatch(
  rest: string,
  subject: MatchSubject,
  isNeeded: boolean,
): Promise<MatchResult> {
  const judged: Progress = { matches: true, wantsFinalPass: false, criteria: 0, left: rest };
  for (;;) {
    const { token: written, rest: after } = cutWord(judged.left);
    judged.left = after;
    if (!written || written.startsWith('#')) return ended(judged, written === '');
    const isNegated = written.startsWith('!');
    const name = written.slice(isNegated ? 1 : 0).toLowerCase();
    if (name === 'all') return evaluateAll(judged, isNegated);
    const verdict = await evaluateNext(name, judged, { subject, isNeeded });
    if (typeof verdict === 'string') return { problem: verdict };
    if (verdict === isNegated) judged.matches = false;
    judged.criteria += 1;
  }
}

/** Empty quotes end it too, and nothing may follow them. */
function ended({ criteria, left, ...verdict }: Progress, byQuotes: boolean): MatchResult {
  if (byQuotes && left) return { problem: 'something follows the criteria' };
  return criteria === 0 ? { problem: 'it has no criteria' } : verdict;
}

async function evaluateNext(
  name: string,
  judged: Progress,
  { subject, isNeeded }: { readonly subject: MatchSubject; readonly isNeeded: boolean },
): Promise<boolean | string> {
  if (name === 'final') judged.wantsFinalPass = true;
  if (name === 'final' || name === 'canonical') return subject.isFinalPass;
  const { token, rest } = cutWord(judged.left);
  judged.left = rest;
  return evaluateCriterion(name, token, { subject, isNeeded: isNeeded && judged.matches });
}

function evaluateAll({ matches, wantsFinalPass, criteria, left }: Progress, isNegated: boolean): MatchResult {
  const { token = '' } = cutWord(left);
  if (criteria > 1 || (token !== '' && !token.startsWith('#'))) return { problem: '"all" must stand alone' };
  return { matches: matches && !isNegated, wantsFinalPass };
}

async function evaluateCriterion(
  name: string,
  value: string | undefined,
  { subject, isNeeded }: { readonly subject: MatchSubject; readonly isNeeded: boolean },
): Promise<boolean | string> {
  if (!value || value.startsWith('#')) return `${name} has no value`;
  const patterns = value.split(',');
  switch (name) {
    case 'host':
      return matchesAny(lower(patterns), subject.hostname.toLowerCase());
    case 'originalhost':
      return matchesAny(lower(patterns), subject.alias.toLowerCase());
    case 'user':
      return matchesAny(patterns, subject.user);
    case 'localuser':
      return matchesAny(patterns, subject.localUser);
    case 'exec':
      return subject.execute(value, isNeeded);
    default:
      return `Match ${name} needs the ssh program, which is not installed`;
  }
}

function lower(patterns: readonly string[]): string[] {
  return patterns.map((pattern) => pattern.toLowerCase());
}
