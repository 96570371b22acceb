import type { HostOutcome } from './host-outcome.js';

/** Hosts on which a command went the same. */
export interface OutcomeGroup {
  readonly hostnames: readonly string[];
  /** What stands for them all. */
  readonly outcome: HostOutcome;
}

/** As many names are written out. */
const MOST_NAMES = 8;

/** Puts hosts with the same output and exit code together: the largest group first, then in the order of the hosts. */
export function groupOutcomes(outcomes: readonly HostOutcome[]): OutcomeGroup[] {
  const groups = new Map<string, { hostnames: string[]; outcome: HostOutcome }>();
  for (const outcome of outcomes) {
    const { hostname, exit, signal, error, digest } = outcome;
    const key = JSON.stringify([exit, signal, error, digest ?? hostname]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { hostnames: [hostname], outcome });
    else group.hostnames.push(hostname);
  }
  return [...groups.values()].sort((a, b) => b.hostnames.length - a.hostnames.length);
}

/**
 * One sentence on how alike the outputs are: "97 hosts: same output; web3 differs". Undefined where it would say nothing: for one
 * host, or where hardly any two are alike.
 */
export function describeAlikeness(outcomes: readonly HostOutcome[]): string | undefined {
  const [largest, ...others] = groupOutcomes(outcomes.filter(({ digest }) => digest !== undefined));
  if (largest === undefined || largest.hostnames.length < 2) return undefined;
  const same = `${largest.hostnames.length} hosts: same output`;
  if (others.length === 0) return same;
  const different = others.flatMap(({ hostnames }) => hostnames);
  if (different.length > largest.hostnames.length) return undefined;
  return `${same}; ${namesOf(different)} ${different.length === 1 ? 'differs' : 'differ'}`;
}

/** Names of hosts, shortened where they are many. */
export function namesOf(hostnames: readonly string[]): string {
  if (hostnames.length <= MOST_NAMES) return hostnames.join(', ');
  return `${hostnames.slice(0, MOST_NAMES).join(', ')} and ${hostnames.length - MOST_NAMES} more`;
}
