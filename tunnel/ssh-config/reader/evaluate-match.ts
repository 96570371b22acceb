import { matchesAny } from '../../../base/match-wildcards.js';
import { cutWord } from './split-config-lines.js';

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
  const progress: Progress = { matches: true, wantsFinalPass: false, criteria: 0, left: rest };
  for (;;) {
    const { token: written, rest: after } = cutWord(progress.left);
    progress.left = after;
    if (!written || written.startsWith('#')) return ended(progress, written === '');
    const isNegated = written.startsWith('!');
    const name = written.slice(isNegated ? 1 : 0).toLowerCase();
    if (name === 'all') return evaluateAll(progress, isNegated);
    const result = await evaluateNext(name, progress, { subject, isNeeded });
    if (typeof result === 'string') return { problem: result };
    if (result === isNegated) progress.matches = false;
    progress.criteria += 1;
  }
}

/** Empty quotes end it too, and nothing may follow them. */
function ended({ criteria, left, ...result }: Progress, byQuotes: boolean): MatchResult {
  if (byQuotes && left) return { problem: 'something follows the criteria' };
  return criteria === 0 ? { problem: 'it has no criteria' } : result;
}

async function evaluateNext(
  name: string,
  progress: Progress,
  { subject, isNeeded }: { readonly subject: MatchSubject; readonly isNeeded: boolean },
): Promise<boolean | string> {
  if (name === 'final') progress.wantsFinalPass = true;
  if (name === 'final' || name === 'canonical') return subject.isFinalPass;
  const { token, rest } = cutWord(progress.left);
  progress.left = rest;
  return evaluateCriterion(name, token, { subject, isNeeded: isNeeded && progress.matches });
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
