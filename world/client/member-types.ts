import type { CallOptions } from '../call-options.js';
import type { IMember, IStatusResponse } from './internals/etcd3.js';

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

/** A member that was added and may now start, with the members for its `--initial-cluster`. */
export interface AddedMember {
  readonly id: string;
  readonly members: readonly Member[];
}

export function toMember(member: IMember): Member {
  return {
    id: member.ID,
    name: member.name,
    peerUrls: member.peerURLs,
    clientUrls: member.clientURLs,
    isLearner: member.isLearner,
  };
}

export function toStatus(value: IStatusResponse): MemberStatus {
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
