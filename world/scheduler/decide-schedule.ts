import { byName, type Choice } from './strategy.js';
import type { StrategyRegistry } from './strategy-registry.js';
import type { Schedule } from './watched-schedules.js';

/** What to store for one schedule. */
export interface Decision {
  /** Sorted. */
  readonly hosts: readonly string[];
  /** Why the strategy was not followed: what still holds of the last decision is kept, and nobody is added. */
  readonly problem?: string | undefined;
}

/** Decides one schedule from what its candidates ask for and what was decided last. */
export function decideSchedule(schedule: Schedule, strategies: StrategyRegistry): Decision {
  const choice = toChoice(schedule);
  if (choice === undefined) return { hosts: [] };
  const kept = choice.last.slice(0, choice.maxCount);
  const strategy = strategies.get(choice.options.strategy);
  if (strategy === undefined)
    return { hosts: kept, problem: `this host does not know the strategy "${choice.options.strategy}"` };
  try {
    const hosts = [...strategy(choice)].sort(byName);
    const problem = faultOf(hosts, choice);
    return problem === undefined ? { hosts } : { hosts: kept, problem };
  } catch (error) {
    return { hosts: kept, problem: `the strategy failed: ${String(error)}` };
  }
}

function toChoice({ candidates, decided }: Schedule): Choice | undefined {
  const [newest] = [...candidates.values()].sort((a, b) => Number(b.writtenAt - a.writtenAt));
  if (newest === undefined) return undefined;
  const { options } = newest;
  const allowed = new Set(options.hostsFilter);
  const eligible = [...candidates.values()]
    .filter(({ hostname }) => allowed.size === 0 || allowed.has(hostname))
    .sort((a, b) => byName(a.hostname, b.hostname));
  const names = new Set(eligible.map(({ hostname }) => hostname));
  const last = [...new Set(decided)].filter((hostname) => names.has(hostname)).sort(byName);
  const limit = options.maxCount === 0 ? eligible.length : options.maxCount;
  return { candidates: eligible, last, maxCount: Math.min(limit, eligible.length), options };
}

/** A strategy may come from anywhere. */
function faultOf(hosts: readonly string[], { candidates, maxCount }: Choice): string | undefined {
  const names = new Set(candidates.map(({ hostname }) => hostname));
  const stranger = hosts.find((hostname) => !names.has(hostname));
  if (stranger !== undefined) return `the strategy chose "${stranger}", which is not a candidate`;
  if (new Set(hosts).size < hosts.length) return 'the strategy chose a host twice';
  if (hosts.length > maxCount)
    return `the strategy chose ${hosts.length} hosts, but at most ${maxCount} are allowed`;
  return undefined;
}
