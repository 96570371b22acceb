/** The middle value; of an even number of values the lower of the two. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** @param share 0 to 1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Where a median lies, and how sure that is, from 0 to 1. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
}

/** What counts as sure; a few values give less. */
export const CONFIDENCE = 0.9;

/**
 * Where the median lies of what the values were drawn from, whatever their distribution (the sign test): the narrowest
 * interval between two of them that holds it with 90 %, or all of them where they are too few for that.
 */
export function medianInterval(values: readonly number[]): Interval | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const all = intervalWithout(sorted, 0);
  let narrowest = all;
  for (let left = 1; 2 * left < sorted.length; left += 1) {
    const narrower = intervalWithout(sorted, left);
    if (narrower === undefined || narrower.confidence < CONFIDENCE) break;
    narrowest = narrower;
  }
  return narrowest;
}

/** Leaves out so many of the lowest and of the highest. */
function intervalWithout(sorted: readonly number[], left: number): Interval | undefined {
  const count = sorted.length;
  const [low, high] = [sorted[left], sorted[count - 1 - left]];
  if (count < 2 || low === undefined || high === undefined) return undefined;
  let ways = 1;
  let beyond = 0;
  for (let below = 0; below <= left; below += 1) {
    beyond += ways / 2 ** count;
    ways = (ways * (count - below)) / (below + 1);
  }
  return { low, high, confidence: 1 - 2 * beyond };
}
