import { setTimeout as delay } from 'node:timers/promises';
import { type Client, type Member, WorldError } from '../../world/index.js';
import { AgentError } from '../errors.js';
import { type JoinMember, joinMembers } from './etcd-flags.js';

const retryIntervalMs = 250;

/** How long a member change is tried again while etcd calls the cluster unhealthy or busy with another learner. */
export const memberChangeTimeoutMs = 60_000;

/** Ourselves as etcd's member list is to show us. */
export interface OwnMember {
  readonly name: string;
  readonly peerUrls: readonly string[];
}

/**
 * Adds this host as a learner, which cannot cost the cluster its quorum even if it never starts
 * (https://etcd.io/docs/v3.5/learning/design-learner/). Leftovers of this host under the same name or peer
 * URL are removed first: the caller has made sure that no other agent uses the name.
 *
 * etcd takes one learner at a time and, with its strict check, refuses while a member is younger than five
 * seconds, so this waits its turn.
 *
 * @throws AgentError `join-failed` when it was refused for longer than {@link memberChangeTimeoutMs}.
 */
export async function addLearner(
  client: Client,
  own: OwnMember,
  signal: AbortSignal,
): Promise<{ id: string; members: JoinMember[] }> {
  return retryRefused('join the cluster', signal, async () => {
    for (const leftover of await leftovers(client, own)) await client.memberRemove(leftover.id, { signal });
    const { id, members } = await client.memberAdd(own.peerUrls, { learner: true, signal });
    return { id, members: joinMembers(members, own.name) };
  });
}

/** Makes a learner a voter as soon as it has caught up with the leader. */
export async function promote(client: Client, id: string, signal: AbortSignal): Promise<void> {
  await retryRefused('be promoted to a voter', signal, () => client.memberPromote(id, { signal }));
}

/**
 * Takes a member out; done when it is not in the list. Must be called through the other members: etcd ends a
 * removed server at once, and its answer might be lost with it.
 */
export async function removeMember(others: Client, id: string, signal: AbortSignal): Promise<void> {
  await retryRefused('leave the cluster', signal, async () => {
    if ((await others.members({ signal })).some((member) => member.id === id)) {
      await others.memberRemove(id, { signal });
    }
  });
}

/** Whoever could lead in our place: a voter that has started, other than `id`. */
export function successor(members: readonly Member[], id: string): Member | undefined {
  return members.find((member) => member.id !== id && !member.isLearner && member.name !== '');
}

async function leftovers(client: Client, own: OwnMember): Promise<Member[]> {
  const members = await client.members();
  return members.filter(
    (member) => member.name === own.name || member.peerUrls.some((url) => own.peerUrls.includes(url)),
  );
}

/**
 * A refusal leaves nothing behind, and a lost answer is settled by the member list that each attempt starts
 * from, so every failure that etcd reports here may be tried again.
 */
async function retryRefused<T>(what: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  const until = performance.now() + memberChangeTimeoutMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof WorldError) || error.code === 'permission-denied' || error.code === 'closed')
        throw error;
      if (performance.now() > until) {
        throw new AgentError(
          'join-failed',
          `Could not ${what} for ${memberChangeTimeoutMs / 1000} s. ${error.message}`,
          {
            cause: error,
          },
        );
      }
    }
    await delay(retryIntervalMs, undefined, { signal });
  }
}
