import { byName, byTenure, type Candidate, type Choice } from '../strategy.js';

interface Group {
  readonly value: string;
  /** The next to be chosen last. */
  readonly waiting: Candidate[];
  chosen: number;
}

/**
 * As evenly as possible over the values of the label that `spreadBy` names; hosts without it are one group. Who was
 * chosen stays as long as that does not make the spread uneven.
 */
export function spread(choice: Choice): readonly string[] {
  const groups = groupByLabel(choice);
  const last = new Set(choice.last);
  const keeps = ({ waiting }: Group): boolean => last.has(waiting.at(-1)?.hostname ?? '');
  const hosts: string[] = [];
  while (hosts.length < choice.maxCount) {
    const open = groups.filter(({ waiting }) => waiting.length > 0);
    const [next] = open.sort(
      (a, b) => a.chosen - b.chosen || Number(keeps(b)) - Number(keeps(a)) || byName(a.value, b.value),
    );
    const candidate = next?.waiting.pop();
    if (next === undefined || candidate === undefined) break;
    next.chosen += 1;
    hosts.push(candidate.hostname);
  }
  return hosts;
}

function groupByLabel(choice: Choice): Group[] {
  const groups = new Map<string, Group>();
  for (const candidate of [...choice.candidates].sort(byTenure(choice)).reverse()) {
    const value = candidate.options.labels[choice.options.spreadBy] ?? '';
    const group = groups.get(value) ?? { value, waiting: [], chosen: 0 };
    group.waiting.push(candidate);
    groups.set(value, group);
  }
  return [...groups.values()];
}
