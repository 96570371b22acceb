import { matchesWildcards } from '../../wildcards.js';

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
