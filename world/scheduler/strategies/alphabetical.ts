import type { Choice } from '../strategy.js';

/** The first hosts of the alphabet. */
export function alphabetical({ candidates, maxCount }: Choice): readonly string[] {
  return candidates.slice(0, maxCount).map(({ hostname }) => hostname);
}
