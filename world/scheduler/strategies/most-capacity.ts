import { byName, type Candidate, type Choice } from '../strategy.js';

/** A host that is not chosen must have so many times the capacity of one that is to take its place. */
const ADVANTAGE = 1.25;

/**
 * The hosts with the most capacity. One that was chosen is replaced only by one with a quarter more, so that small
 * changes move nothing. A host with capacity 0 is full; one that does not say comes after all that do.
 */
export function mostCapacity({ candidates, last, maxCount }: Choice): readonly string[] {
  const chosen = new Set(last);
  const stands = ({ hostname }: Candidate): boolean => chosen.has(hostname);
  const weight = (candidate: Candidate): number =>
    (candidate.options.capacity ?? 0) * (stands(candidate) ? ADVANTAGE : 1);
  return candidates
    .filter(({ options }) => options.capacity !== 0)
    .sort(
      (a, b) =>
        weight(b) - weight(a) || Number(stands(b)) - Number(stands(a)) || byName(a.hostname, b.hostname),
    )
    .slice(0, maxCount)
    .map(({ hostname }) => hostname);
}
