import type { CallOptions } from '../call-options.js';
import { WorldError } from '../errors.js';
import type { CallRunner } from './calls/call-runner.js';
import type { EndpointConnection, EndpointSet } from './calls/endpoint-set.js';
import type { Rpc } from './calls/etcd-rpc.js';
import {
  type AddedMember,
  type Member,
  type MemberListOptions,
  type MemberStatus,
  toMember,
  toStatus,
} from './member-types.js';

/** An etcd alarm. `Nospace`: a member's database has reached its quota, and the cluster accepts no writes. */
export interface Alarm {
  readonly memberId: string;
  readonly kind: 'Nospace' | 'Corrupt' | 'None';
}

/** These cannot compare the fleet in a transaction, so the endpoint is asked for it first. */
const CHANGE = { kind: 'once', fleetCheck: 'before' } as const;
const REPEATABLE_CHANGE = { kind: 'repeatable', fleetCheck: 'before' } as const;

/** The members and the database of the etcd cluster behind a client. */
export class ClusterRequests {
  readonly #calls: CallRunner;
  readonly #endpoints: EndpointSet;

  constructor(calls: CallRunner, endpoints: EndpointSet) {
    this.#calls = calls;
    this.#endpoints = endpoints;
  }

  async members(options: MemberListOptions = {}): Promise<Member[]> {
    const { serializable: leaderless = false } = options;
    const run = (rpc: Rpc) => rpc.cluster.memberList({ linearizable: !leaderless });
    // Without a quorum no server can tell its fleet.
    const fleetCheck = leaderless ? 'none' : 'beside';
    const call = { kind: 'read', what: 'list the members', leaderless, fleetCheck, run } as const;
    const { value } = await this.#calls.perform(call, options);
    return value.members.map(toMember);
  }

  /**
   * Adds a learner, which receives the data but has no vote until {@link memberPromote}. A voter cannot be added
   * directly, because one that never starts can cost the quorum permanently.
   * @throws WorldError `unavailable` while etcd considers the cluster unhealthy, `conflict` while there is another learner.
   */
  async memberAdd(
    peerUrls: readonly string[],
    options: CallOptions & { readonly learner: true },
  ): Promise<AddedMember> {
    const run = (rpc: Rpc) => rpc.cluster.memberAdd({ peerURLs: [...peerUrls], isLearner: true });
    const what = `add a member at ${peerUrls.join(', ')}`;
    const { value } = await this.#calls.perform({ ...CHANGE, what, run }, options);
    return { id: value.member.ID, members: value.members.map(toMember) };
  }

  /** @throws WorldError `conflict` while the learner has not caught up. */
  async memberPromote(id: string, options?: CallOptions): Promise<void> {
    const run = (rpc: Rpc) => rpc.cluster.memberPromote({ ID: id });
    await this.#calls.perform({ ...CHANGE, what: `promote member ${id}`, run }, options);
  }

  /** @throws WorldError `not-found`; `unavailable` while etcd considers the cluster unhealthy. */
  async memberRemove(id: string, options?: CallOptions): Promise<void> {
    const run = (rpc: Rpc) => rpc.cluster.memberRemove({ ID: id });
    await this.#calls.perform({ ...CHANGE, what: `remove member ${id}`, run }, options);
  }

  /**
   * Changes the peer URLs of a member, where it listens for the others.
   * @throws WorldError `not-found`; `conflict` if another member has one of these URLs.
   */
  async memberUpdate(id: string, peerUrls: readonly string[], options?: CallOptions): Promise<void> {
    const run = (rpc: Rpc) => rpc.cluster.memberUpdate({ ID: id, peerURLs: [...peerUrls] });
    const what = `change the peer URLs of member ${id}`;
    await this.#calls.perform({ ...REPEATABLE_CHANGE, what, run }, options);
  }

  /**
   * Moves leadership. Only the leader can do that, so the endpoints are asked until the leader is found.
   * @throws WorldError `not-found` if none of the endpoints is the leader.
   */
  async moveLeader(toId: string, options?: CallOptions): Promise<void> {
    const what = `move the leadership to member ${toId}`;
    const run = (rpc: Rpc) => rpc.maintenance.moveLeader({ targetID: toId });
    for (const connection of this.#endpoints.connections) {
      const status = await this.#status(connection, options).catch(passUnavailable);
      if (status?.leader === toId) return;
      if (status === undefined || status.leader !== status.memberId) continue;
      await this.#calls.perform({ ...CHANGE, what, connection, run }, options);
      return;
    }
    throw new WorldError('not-found', `Could not ${what}: none of the endpoints is the leader.`);
  }

  /** The status of the member at `endpoint` (default: the one in use), which answers even as a learner or without a quorum. */
  async status(endpoint?: string, options?: CallOptions): Promise<MemberStatus> {
    if (endpoint === undefined) return this.#status(this.#endpoints.pick(), options);
    const single = this.#endpoints.alone(endpoint);
    try {
      return await this.#status(single.pick(), options);
    } finally {
      single.close();
    }
  }

  /** Discards the history before `revision`, like `etcdctl compact --physical`. */
  async compact(revision: bigint, options?: CallOptions): Promise<void> {
    // Physical: waits until the member asked has removed it from its database.
    const run = (rpc: Rpc) => rpc.kv.compact({ revision: String(revision), physical: true });
    const what = `compact etcd at revision ${revision}`;
    await this.#calls.perform({ ...REPEATABLE_CHANGE, what, run }, options).catch(passCompacted);
  }

  /**
   * Releases the database's free space, like `etcdctl defrag`, at the endpoint in use: use a client of that member alone.
   * The member answers no other call meanwhile, so allow enough `timeoutMs`.
   */
  async defragment(options?: CallOptions): Promise<void> {
    const run = (rpc: Rpc) => rpc.maintenance.defragment();
    await this.#calls.perform({ ...REPEATABLE_CHANGE, what: 'defragment the database', run }, options);
  }

  async alarms(options?: CallOptions): Promise<Alarm[]> {
    const run = (rpc: Rpc) => rpc.maintenance.alarm({ action: 'Get' });
    const { value } = await this.#calls.perform({ kind: 'read', what: 'list the alarms', run }, options);
    return value.alarms.map(({ memberID, alarm }) => ({ memberId: memberID, kind: alarm }));
  }

  /** Disarms an alarm; etcd raises it again at once if its cause persists. */
  async disarm({ memberId: memberID, kind: alarm }: Alarm, options?: CallOptions): Promise<void> {
    const run = (rpc: Rpc) => rpc.maintenance.alarm({ action: 'Deactivate', memberID, alarm });
    await this.#calls.perform({ ...REPEATABLE_CHANGE, what: `disarm the ${alarm} alarm`, run }, options);
  }

  async #status(connection: EndpointConnection, options?: CallOptions): Promise<MemberStatus> {
    const run = (rpc: Rpc) => rpc.maintenance.status();
    const call = { kind: 'read', what: 'ask for the status', fleetCheck: 'none', connection, run } as const;
    const { value } = await this.#calls.perform(call, options);
    return toStatus(value);
  }
}

/** Another endpoint may still answer. */
function passUnavailable(error: unknown): undefined {
  if (error instanceof WorldError && error.code === 'unavailable') return undefined;
  throw error;
}

/** Already compacted: by another client, or by an attempt whose answer was lost. */
function passCompacted(error: unknown): void {
  if (!(error instanceof WorldError) || error.code !== 'compacted') throw error;
}
