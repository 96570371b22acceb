import { Client, type Log } from '../../world/index.js';
import { removeMember, successor } from './membership.js';

/**
 * Takes the member at `localUrl` out of its cluster: a leader hands leadership on first, and the removal goes
 * through the other members. The server then ends by itself.
 *
 * @returns false when it is the last voter: it only has to stop, and keeps its data.
 */
export async function leaveCluster(localUrl: string, log: Log, signal: AbortSignal): Promise<boolean> {
  await using local = Client.connect({ endpoints: [localUrl], log });
  const [members, status] = await Promise.all([
    local.members({ signal }),
    local.status(localUrl, { signal }),
  ]);
  const next = successor(members, status.memberId);
  if (next === undefined) return false;
  log('info', `leaving the cluster of ${members.length}`);
  if (status.leader === status.memberId) await local.moveLeader(next.id, { signal });
  const others = members.filter(({ id, isLearner }) => id !== status.memberId && !isLearner);
  await using client = Client.connect({ endpoints: others.flatMap((member) => member.clientUrls), log });
  await removeMember(client, status.memberId, signal);
  return true;
}
