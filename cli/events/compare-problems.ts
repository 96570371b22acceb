import type { Problem } from '../status/fleet-status.js';
import type { Happening } from './fleet-event.js';

/** Which problems have appeared, and which have ended. One that is only told in other words, such as newer numbers, is the same. */
export function compareProblems(before: readonly Problem[], after: readonly Problem[]): Happening[] {
  const [old, now] = [byName(before), byName(after)];
  const without = (all: Map<string, Problem>, others: Map<string, Problem>) =>
    [...all].filter(([name]) => !others.has(name)).map(([, problem]) => problem);
  return [
    ...without(old, now).map((problem): Happening => {
      return { type: 'problem-ended', ...problem, message: `Over: ${problem.message}` };
    }),
    ...without(now, old).map((problem): Happening => ({ type: 'problem-appeared', ...problem })),
  ];
}

function byName(problems: readonly Problem[]): Map<string, Problem> {
  return new Map(
    problems.map((problem) => [JSON.stringify([problem.code, problem.host, problem.app]), problem]),
  );
}
