import { byTenure, type Choice } from '../strategy.js';

/** In turn: who was chosen stays, and a place that comes free goes to the candidate that has waited longest. */
export function roundRobin(choice: Choice): readonly string[] {
  const inTurn = [...choice.candidates].sort(byTenure(choice));
  return inTurn.slice(0, choice.maxCount).map(({ hostname }) => hostname);
}
