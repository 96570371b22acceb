import { setTimeout as delay } from 'node:timers/promises';
import type { Client, Member, MemberStatus } from '../../../world/internal.js';

const ANSWER_MS = 2000;
const CATCH_UP_MS = 2000;
const POLL_MS = 50;

/** The health of the voters, each asked individually. */
export interface VoterHealth {
  /** The ids of the voters that answer, follow the agreed leader, and have applied everything it had when asked. */
  readonly healthy: ReadonlySet<string>;
  /** The id of the leader; undefined if the voters do not agree on one. */
  readonly leader: string | undefined;
}

/**
 * Asks every voter directly instead of trusting one member's view of the others, since only a member that takes part
 * now can vote. This replaces etcd's own check, which requires all voters to have been connected for five seconds:
 * here a voter counts only if it has received what the leader just wrote.
 */
export async function healthOf(
  client: Client,
  voters: readonly Member[],
  signal: AbortSignal,
): Promise<VoterHealth> {
  const first = await statuses(client, voters, signal);
  const leader = [...first.values()].find(({ memberId, leader }) => memberId === leader);
  if (leader === undefined) return { healthy: new Set(), leader: undefined };
  const goal = { leader: leader.memberId, term: leader.raftTerm, index: leader.raftIndex };
  const healthy = new Set<string>();
  const until = performance.now() + CATCH_UP_MS;
  let asked = first;
  for (;;) {
    for (const [id, status] of asked) if (follows(status, goal)) healthy.add(id);
    const behind = voters.filter(({ id }) => asked.has(id) && !healthy.has(id));
    if (behind.length === 0 || performance.now() > until) return { healthy, leader: goal.leader };
    await delay(POLL_MS, undefined, { signal });
    asked = await statuses(client, behind, signal);
  }
}

function follows(
  status: MemberStatus,
  goal: { readonly leader: string; readonly term: string; readonly index: bigint },
): boolean {
  const { leader, raftTerm, raftAppliedIndex } = status;
  return leader === goal.leader && raftTerm === goal.term && raftAppliedIndex >= goal.index;
}

/** By member id; members that do not answer are missing. */
async function statuses(
  client: Client,
  members: readonly Member[],
  signal: AbortSignal,
): Promise<Map<string, MemberStatus>> {
  const asked = members.map(async (member): Promise<[string, MemberStatus] | undefined> => {
    const [url] = member.clientUrls;
    if (url === undefined) return undefined;
    try {
      return [member.id, await client.cluster.status(url, { signal, timeoutMs: ANSWER_MS })];
    } catch {
      signal.throwIfAborted();
      return undefined; // not healthy, for whatever reason
    }
  });
  return new Map((await Promise.all(asked)).filter((found) => found !== undefined));
}

/** Whether the cluster keeps its quorum without `leaving`, given the voters that are healthy now. */
export function mayRemove(voters: readonly Member[], health: VoterHealth, leaving: Member): boolean {
  const remaining = voters.filter(({ id }) => id !== leaving.id);
  const healthy = remaining.filter(({ id }) => health.healthy.has(id)).length;
  return remaining.length > 0 && healthy >= Math.floor(remaining.length / 2) + 1;
}

/** Whether all voters are healthy, so that one more cannot cost the quorum. */
export function mayAdd(voters: readonly Member[], health: VoterHealth): boolean {
  return voters.every(({ id }) => health.healthy.has(id));
}
