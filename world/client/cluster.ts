import type { CallOptions } from '../call-options.js';
import type { Calls } from './calls/calls.js';
import type { EndpointSet } from './calls/endpoint-set.js';
import { type Alarm, compact, defragment, disarm, listAlarms } from './maintenance.js';
import {
  type AddedMember,
  addLearner,
  listMembers,
  type Member,
  type MemberListOptions,
  type MemberStatus,
  memberStatus,
  moveLeader,
  promoteMember,
  removeMember,
  updateMember,
} from './members.js';

/** The members and the database of the etcd cluster behind a client. */
export class Cluster {
  readonly #calls: Calls;
  readonly #endpoints: EndpointSet;

  constructor(calls: Calls, endpoints: EndpointSet) {
    this.#calls = calls;
    this.#endpoints = endpoints;
  }

  members(options?: MemberListOptions): Promise<Member[]> {
    return listMembers(this.#calls, options);
  }

  /**
   * Adds a learner, which receives the data but has no vote until {@link memberPromote}. A voter cannot be added
   * directly, because one that never starts can cost the quorum permanently.
   * @throws WorldError `unavailable` while etcd considers the cluster unhealthy, `conflict` while there is another learner.
   */
  memberAdd(
    peerUrls: readonly string[],
    options: CallOptions & { readonly learner: true },
  ): Promise<AddedMember> {
    return addLearner(this.#calls, peerUrls, options);
  }

  /** @throws WorldError `conflict` while the learner has not caught up. */
  memberPromote(id: string, options?: CallOptions): Promise<void> {
    return promoteMember(this.#calls, id, options);
  }

  /** @throws WorldError `not-found`; `unavailable` while etcd considers the cluster unhealthy. */
  memberRemove(id: string, options?: CallOptions): Promise<void> {
    return removeMember(this.#calls, id, options);
  }

  /**
   * Changes the peer URLs of a member, where it listens for the others.
   * @throws WorldError `not-found`; `conflict` if another member has one of these URLs.
   */
  memberUpdate(id: string, peerUrls: readonly string[], options?: CallOptions): Promise<void> {
    return updateMember(this.#calls, id, peerUrls, options);
  }

  moveLeader(toId: string, options?: CallOptions): Promise<void> {
    return moveLeader(this.#calls, this.#endpoints, toId, options);
  }

  /** The status of the member at `endpoint` (default: the one in use), which answers even as a learner or without a quorum. */
  status(endpoint?: string, options?: CallOptions): Promise<MemberStatus> {
    return memberStatus(this.#calls, this.#endpoints, endpoint, options);
  }

  /** Discards the history before `revision`, like `etcdctl compact --physical`. */
  compact(revision: bigint, options: CallOptions = {}): Promise<void> {
    return compact(this.#calls, revision, options);
  }

  /**
   * Releases the database's free space, like `etcdctl defrag`, at the endpoint in use: use a client of that member alone.
   * The member answers no other call meanwhile, so allow enough `timeoutMs`.
   */
  defragment(options: CallOptions = {}): Promise<void> {
    return defragment(this.#calls, options);
  }

  alarms(options: CallOptions = {}): Promise<Alarm[]> {
    return listAlarms(this.#calls, options);
  }

  /** Disarms an alarm; etcd raises it again at once if its cause persists. */
  disarm(alarm: Alarm, options: CallOptions = {}): Promise<void> {
    return disarm(this.#calls, alarm, options);
  }
}
