import type { Member } from '../../../world/client/member-types.js';

/** What there is to decide from. */
export interface RemovalFacts {
  /** Hosts that go. */
  readonly leaving: readonly string[];
  /** Hosts whose agent is alive. */
  readonly alive: ReadonlySet<string>;
  readonly members: readonly Member[];
}

/** In which order hosts go, or why they cannot. */
export type RemovalPlan =
  | { readonly kind: 'in-order'; readonly order: readonly string[] }
  | { readonly kind: 'no-quorum'; readonly host: string; readonly alive: number; readonly voters: number };

/**
 * Takes the hosts out one after the other and looks whether a majority of the voters is alive before each step, which
 * needs their consent, and after it. Hosts without a vote go first, then voters that are dead anyway, which can only help
 * the rest. The only voter hands over to another host before it goes, if one is alive; else hosts that may become voters
 * do not count, because they may not have caught up.
 */
export function planRemoval({ leaving, alive, members }: RemovalFacts): RemovalPlan {
  const voters = new Set(members.filter(({ isLearner }) => !isLearner).map(({ name }) => name));
  const rank = (host: string): number => (voters.has(host) ? (alive.has(host) ? 2 : 1) : 0);
  const order = leaving.toSorted((a, b) => rank(a) - rank(b));
  const heirs = [...alive].filter((host) => !leaving.includes(host));
  for (const host of order) {
    if (!voters.has(host)) continue;
    if (voters.size === 1 && alive.has(host) && heirs.length > 0) continue;
    const before = quorumOf(voters, alive);
    voters.delete(host);
    const after = quorumOf(voters, alive);
    if (before.hasQuorum && after.hasQuorum) continue;
    return { kind: 'no-quorum', host, alive: before.alive, voters: before.voters };
  }
  return { kind: 'in-order', order };
}

function quorumOf(
  voters: ReadonlySet<string>,
  alive: ReadonlySet<string>,
): { readonly alive: number; readonly voters: number; readonly hasQuorum: boolean } {
  const living = [...voters].filter((host) => alive.has(host)).length;
  return { alive: living, voters: voters.size, hasQuorum: living > voters.size / 2 };
}
