import type { IMember } from 'etcd3';
import type { CallOptions } from '../call-options.js';
import { WorldError } from '../errors.js';
import type { Calls } from './calls/calls.js';
import type { EndpointConnection, EndpointSet } from './calls/endpoint-set.js';
import type { Rpc } from './calls/rpc.js';

/** A member of the etcd cluster. Ids are uint64 in decimal, as strings because they exceed 2^53. */
export interface Member {
  readonly id: string;
  /** Empty until the member first starts. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/** One member's view of itself and its cluster. */
export interface MemberStatus {
  /** The etcd version, such as `3.4.23`. */
  readonly version: string;
  readonly memberId: string;
  readonly clusterId: string;
  /** The id of the leader, as far as the member knows; `0` if there is none. */
  readonly leader: string;
  readonly isLearner: boolean;
  readonly dbSizeBytes: number;
  /** The part of it that is in use; defragmenting releases the rest. */
  readonly dbSizeInUseBytes: number;
  /** The revision of the member's own store. */
  readonly revision: bigint;
  /** The raft commit index, as far as the member knows. */
  readonly raftIndex: bigint;
  /** The raft index applied to the member's store. */
  readonly raftAppliedIndex: bigint;
  readonly raftTerm: string;
  /** Problems that the member reports, such as `etcdserver: no leader`; empty if it is healthy. */
  readonly errors: readonly string[];
}

export interface MemberListOptions extends CallOptions {
  /** Accepts the view of the member asked, which may be stale but needs no quorum. Default false. */
  readonly serializable?: boolean | undefined;
}

/** Cluster changes cannot compare the fleet, so the endpoint is asked for it first. */
const CHANGE = { kind: 'once', fleetCheck: 'before' } as const;

export async function listMembers(calls: Calls, options: MemberListOptions = {}): Promise<Member[]> {
  const { serializable: leaderless = false } = options;
  const run = (rpc: Rpc) => rpc.cluster.memberList({ linearizable: !leaderless });
  // Without a quorum no server can tell its fleet.
  const fleetCheck = leaderless ? 'none' : 'beside';
  const what = 'list the members';
  const { value } = await calls.perform({ kind: 'read', what, leaderless, fleetCheck, run }, options);
  return value.members.map(toMember);
}

/** A member that was added and may now start, with the members for its `--initial-cluster`. */
export interface AddedMember {
  readonly id: string;
  readonly members: readonly Member[];
}

export async function addLearner(
  calls: Calls,
  peerUrls: readonly string[],
  options?: CallOptions,
): Promise<AddedMember> {
  const what = `add a member at ${peerUrls.join(', ')}`;
  const { value } = await calls.perform(
    {
      ...CHANGE,
      what,
      run: (rpc) => rpc.cluster.memberAdd({ peerURLs: [...peerUrls], isLearner: true }),
    },
    options,
  );
  return { id: value.member.ID, members: value.members.map(toMember) };
}

export async function promoteMember(calls: Calls, id: string, options?: CallOptions): Promise<void> {
  const what = `promote member ${id}`;
  await calls.perform({ ...CHANGE, what, run: (rpc) => rpc.cluster.memberPromote({ ID: id }) }, options);
}

export async function removeMember(calls: Calls, id: string, options?: CallOptions): Promise<void> {
  const what = `remove member ${id}`;
  await calls.perform({ ...CHANGE, what, run: (rpc) => rpc.cluster.memberRemove({ ID: id }) }, options);
}

export async function updateMember(
  calls: Calls,
  id: string,
  peerUrls: readonly string[],
  options?: CallOptions,
): Promise<void> {
  const what = `change the peer URLs of member ${id}`;
  const run = (rpc: Rpc) => rpc.cluster.memberUpdate({ ID: id, peerURLs: [...peerUrls] });
  await calls.perform({ kind: 'repeatable', fleetCheck: 'before', what, run }, options);
}

/** Asks the given endpoint, which need not be one of the client's; by default the one in use. */
export async function memberStatus(
  calls: Calls,
  endpoints: EndpointSet,
  endpoint: string | undefined,
  options?: CallOptions,
): Promise<MemberStatus> {
  if (endpoint === undefined) return statusOf(calls, endpoints.pick(), options);
  const single = endpoints.alone(endpoint);
  try {
    return await statusOf(calls, single.pick(), options);
  } finally {
    single.close();
  }
}

/**
 * Moves leadership. Only the leader can do that, so the endpoints are asked until the leader is found.
 * @throws WorldError `not-found` if none of the endpoints is the leader.
 */
export async function moveLeader(
  calls: Calls,
  endpoints: EndpointSet,
  id: string,
  options?: CallOptions,
): Promise<void> {
  for (const connection of endpoints.connections) {
    const status = await statusOf(calls, connection, options).catch(passUnavailable);
    if (status?.leader === id) return;
    if (status === undefined || status.leader !== status.memberId) continue;
    const what = `move the leadership to member ${id}`;
    await calls.perform(
      { ...CHANGE, what, connection, run: (rpc) => rpc.maintenance.moveLeader({ targetID: id }) },
      options,
    );
    return;
  }
  throw new WorldError(
    'not-found',
    `Could not move the leadership to member ${id}: none of the endpoints is the leader.`,
  );
}

async function statusOf(
  calls: Calls,
  connection: EndpointConnection,
  options?: CallOptions,
): Promise<MemberStatus> {
  const { value } = await calls.perform(
    {
      kind: 'read',
      what: 'ask for the status',
      fleetCheck: 'none',
      connection,
      run: (rpc) => rpc.maintenance.status(),
    },
    options,
  );
  return {
    version: value.version,
    memberId: value.header.member_id,
    clusterId: value.header.cluster_id,
    leader: value.leader,
    isLearner: value.isLearner,
    dbSizeBytes: Number(value.dbSize),
    dbSizeInUseBytes: Number(value.dbSizeInUse),
    revision: BigInt(value.header.revision),
    raftIndex: BigInt(value.raftIndex),
    raftAppliedIndex: BigInt(value.raftAppliedIndex),
    raftTerm: value.raftTerm,
    errors: value.errors,
  };
}

/** Another endpoint may still answer. */
function passUnavailable(error: unknown): undefined {
  if (error instanceof WorldError && error.code === 'unavailable') return undefined;
  throw error;
}

function toMember(member: IMember): Member {
  return {
    id: member.ID,
    name: member.name,
    peerUrls: member.peerURLs,
    clientUrls: member.clientURLs,
    isLearner: member.isLearner,
  };
}
