import type { CallOptions } from '../call-options.js';
import type { FleetIdentity } from '../fleet/fleet-identity.js';
import type { Calls } from './calls/calls.js';
import type { EndpointSet } from './calls/endpoint-set.js';
import type { FleetGuard } from './fleet/fleet-guard.js';
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

/** The calls of a client that concern the cluster rather than its keys. */
export class ClusterClient {
  protected readonly calls: Calls;
  protected readonly endpointSet: EndpointSet;
  readonly #fleet: FleetGuard | undefined;

  protected constructor(calls: Calls, endpointSet: EndpointSet, fleet: FleetGuard | undefined) {
    this.#fleet = fleet;
    this.calls = calls;
    this.endpointSet = endpointSet;
  }

  /** The endpoints in use, as URLs. */
  get endpoints(): readonly string[] {
    return this.endpointSet.connections.map((connection) => connection.url);
  }

  /** The fleet that the client keeps to; undefined before the first answer, and where the cluster does not say. */
  get fleet(): FleetIdentity | undefined {
    return this.#fleet?.fleet;
  }

  /** From now on it is to be this fleet; endpoints of another are refused with `other-fleet`. */
  knowFleet(fleet: FleetIdentity): void {
    this.#fleet?.know(fleet);
  }

  members(options?: MemberListOptions): Promise<Member[]> {
    return listMembers(this.calls, options);
  }

  /**
   * Adds a learner: it gets the data but no vote until {@link memberPromote}. There is no way to add a voter at once,
   * because one that never starts takes the quorum away for good.
   * @throws WorldError `unavailable` while etcd finds the cluster unhealthy, `conflict` while another learner is pending.
   */
  memberAdd(
    peerUrls: readonly string[],
    options: CallOptions & { readonly learner: true },
  ): Promise<AddedMember> {
    return addLearner(this.calls, peerUrls, options);
  }

  /** @throws WorldError `conflict` while the learner has not caught up. */
  memberPromote(id: string, options?: CallOptions): Promise<void> {
    return promoteMember(this.calls, id, options);
  }

  /** @throws WorldError `not-found`; `unavailable` while etcd finds the cluster unhealthy. */
  memberRemove(id: string, options?: CallOptions): Promise<void> {
    return removeMember(this.calls, id, options);
  }

  /**
   * Tells the cluster where a member listens for the others now.
   * @throws WorldError `not-found`; `conflict` where another member has one of these URLs.
   */
  memberUpdate(id: string, peerUrls: readonly string[], options?: CallOptions): Promise<void> {
    return updateMember(this.calls, id, peerUrls, options);
  }

  moveLeader(toId: string, options?: CallOptions): Promise<void> {
    return moveLeader(this.calls, this.endpointSet, toId, options);
  }

  /** How the member at `endpoint` is; it answers without a quorum and as a learner. Default: the endpoint in use. */
  status(endpoint?: string, options?: CallOptions): Promise<MemberStatus> {
    return memberStatus(this.calls, this.endpointSet, endpoint, options);
  }

  /** Forgets what keys held before `revision`, as `etcdctl compact --physical`. */
  compact(revision: bigint, options: CallOptions = {}): Promise<void> {
    return compact(this.calls, revision, options);
  }

  /**
   * Gives free space of the database back, as `etcdctl defrag`, at the endpoint in use: connect a client to that member
   * alone. The member answers nobody meanwhile, so give it time (`timeoutMs`).
   */
  defragment(options: CallOptions = {}): Promise<void> {
    return defragment(this.calls, options);
  }

  alarms(options: CallOptions = {}): Promise<Alarm[]> {
    return listAlarms(this.calls, options);
  }

  /** Ends an alarm; etcd raises it again at once where its reason still holds. */
  disarm(alarm: Alarm, options: CallOptions = {}): Promise<void> {
    return disarm(this.calls, alarm, options);
  }
}
