import type { Member, MemberStatus } from '../../world/internal.js';
import type { EtcdClientFactory } from '../cluster/etcd-client-factory.js';
import type { HostServer } from '../cluster/server/server-lifetime.js';
import type { ServerFigures } from './host-figures.js';

const ASK_MS = 2_000;

/**
 * Asks the etcd server of this host, over its own socket, for what it knows itself: no other member has to answer, and
 * nothing is read from the store.
 */
export async function readServerFigures(
  hostServer: HostServer | undefined,
  connections: EtcdClientFactory,
): Promise<ServerFigures> {
  const server = hostServer?.process;
  if (server === undefined) return { state: hostServer?.isDrained ? 'stopped' : 'none' };
  await using client = connections.toAny([server.clientEndpoint]);
  const call = { timeoutMs: ASK_MS };
  const [status, members] = await Promise.all([
    client.cluster.status(undefined, call).catch(() => undefined), // it is starting, or does not answer
    client.cluster.members({ ...call, serializable: true }).catch(() => undefined), // as above
  ]);
  return status === undefined ? { state: 'starting' } : describeStatus(status, members);
}

/** What a server says of itself and its cluster, as figures. */
export function describeStatus(status: MemberStatus, members: readonly Member[] | undefined): ServerFigures {
  const { version, dbSizeBytes, dbSizeInUseBytes, revision, leader, isLearner, errors } = status;
  const hasLeader = leader !== '0';
  const learners = members?.filter((member) => member.isLearner).length;
  return {
    state: !hasLeader ? 'no-quorum' : isLearner ? 'learner' : 'voter',
    ...{ version, dbSizeBytes, dbSizeInUseBytes, revision, hasLeader, learners },
    voters: members && members.length - (learners ?? 0),
    // Such as "memberID:123 alarm:NOSPACE ".
    alarms: { nospace: raised(errors, 'NOSPACE'), corrupt: raised(errors, 'CORRUPT') },
  };
}

function raised(errors: readonly string[], kind: string): number {
  return errors.filter((error) => error.includes(`alarm:${kind}`)).length;
}
