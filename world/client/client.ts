import type { Log } from '../log.js';
import type { CallOptions, Member, WatchOptions } from '../world.js';
import { type CallKind, Calls } from './calls.js';
import { type DescribeEndpoint, EndpointSet } from './endpoint-set.js';
import { type KeyValue, toKeyValue } from './key-value.js';
import { leaseFor } from './lease.js';
import { type Listing, type ListOptions, listPrefix, listPrefixes } from './listing.js';
import {
  type AddedMember,
  addLearner,
  listMembers,
  type MemberStatus,
  memberStatus,
  moveLeader,
  promoteMember,
  removeMember,
} from './members.js';
import { Namespace } from './namespace.js';
import type { ReadOptions, TxnReply, WriteOptions } from './options.js';
import { Session } from './session.js';
import { type Txn, toOpReply, toRange, toTxnRequest, valueIs } from './txn.js';
import { type WatchRequest, watch } from './watch.js';
import type { WatchItem } from './watch-cursor.js';

export interface ClientOptions {
  /** Addresses of one cluster, such as `http://127.0.0.1:2379` or `unix:///run/etcd.sock`; the first is preferred. */
  readonly endpoints: readonly string[];
  /** Put before every key; callers never see it. Default none. */
  readonly namespace?: string;
  /** How errors name the endpoints; default by their URL. */
  readonly describe?: DescribeEndpoint;
  readonly log?: Log | undefined;
}

const BULK_LANES = 4;

/**
 * The one etcd client that everything above uses. Connecting happens at the first call.
 *
 * Calls wait for etcd until `timeoutMs` (default 10,000) and reject with a WorldError: `unavailable` when certainly
 * nothing was applied, `outcome-unknown` when a write may have been. An abort rejects with `signal.reason`.
 */
export class Client implements AsyncDisposable {
  readonly #namespace: Namespace;
  readonly #endpoints: EndpointSet;
  readonly #bulk: readonly EndpointSet[];
  readonly #calls: Calls;
  readonly #bulkCalls: readonly Calls[];
  readonly #sessions = new Set<Session>();
  readonly #closed = new AbortController();
  readonly #log: Log | undefined;
  #nextBulk = 0;
  #closing: Promise<void> | undefined;

  /** @throws WorldError `invalid` for an endpoint that cannot be read. */
  static connect(options: ClientOptions): Client {
    return new Client(options);
  }

  private constructor({ endpoints, namespace = '', describe, log }: ClientOptions) {
    const calls = (set: EndpointSet): Calls => new Calls(set, this.#closed.signal, log);
    this.#namespace = new Namespace(namespace);
    this.#log = log;
    this.#endpoints = new EndpointSet(endpoints, 'small', describe);
    this.#bulk = Array.from(
      { length: BULK_LANES },
      (_, lane) => new EndpointSet(endpoints, `bulk ${lane}`, describe),
    );
    this.#calls = calls(this.#endpoints);
    this.#bulkCalls = this.#bulk.map(calls);
  }

  /** The endpoints in use, as URLs. */
  get endpoints(): readonly string[] {
    return this.#endpoints.peers.map((peer) => peer.url);
  }

  async get(key: string, options?: ReadOptions): Promise<KeyValue | undefined> {
    const request = toRange(this.#namespace, key);
    const { value } = await this.#lane(options).perform(
      { kind: 'read', what: `read ${key}`, key, run: (rpc) => rpc.kv.range(request) },
      options,
    );
    const [stored] = value.kvs;
    return stored === undefined ? undefined : toKeyValue(this.#namespace, stored);
  }

  /** All keys that start with `prefix`, as of one revision. */
  list(prefix: string, options: ListOptions = {}): Promise<Listing> {
    return listPrefix(this.#calls, this.#namespace, prefix, options);
  }

  /** All keys that start with any of these prefixes (at most 128, none the beginning of another), as of one revision. */
  listTogether(prefixes: readonly string[], options: CallOptions = {}): Promise<Listing> {
    return listPrefixes(this.#calls, this.#namespace, prefixes, options);
  }

  /**
   * Grants the lease that goes with a name, or renews it: the same name and TTL give the same lease, in any process.
   * Nothing keeps it alive. @returns its id, to bind keys to.
   */
  leaseFor(name: string, ttlSeconds: number, options: CallOptions = {}): Promise<string> {
    return leaseFor(this.#calls, `${this.#namespace.prefix}\0${name}`, ttlSeconds, options);
  }

  async set(
    key: string,
    value: string | Buffer,
    options: WriteOptions & { lease?: string } = {},
  ): Promise<void> {
    const lease = options.lease === undefined ? {} : { lease: options.lease };
    const request = { key: this.#namespace.add(key), value: Buffer.from(value), ...lease };
    await this.#lane(options).perform(
      { kind: kindOf(options), what: `write ${key}`, key, run: (rpc) => rpc.kv.put(request) },
      options,
    );
  }

  /** Writes only if the value differs, so that no watch wakes for nothing. Safe to repeat, so it settles a lost answer itself. */
  async setIfChanged(key: string, value: string | Buffer, options?: CallOptions): Promise<void> {
    const txn: Txn = { compare: [valueIs(key, value)], failure: [{ put: key, value }] };
    await this.#txn(txn, `write ${key}`, { ...options, repeatable: true });
  }

  /** @returns whether there was something to delete. */
  async del(key: string, options?: WriteOptions): Promise<boolean> {
    const { replies } = await this.#txn({ success: [{ delete: key }] }, `delete ${key}`, options);
    return replies.some((reply) => reply.count > 0);
  }

  /** @returns how many keys were deleted. */
  async delPrefix(prefix: string, options?: WriteOptions): Promise<number> {
    const { replies } = await this.#txn(
      { success: [{ delete: prefix, prefix: true }] },
      `delete ${prefix}*`,
      options,
    );
    return replies.reduce((sum, reply) => sum + reply.count, 0);
  }

  txn(txn: Txn, options?: WriteOptions): Promise<TxnReply> {
    return this.#txn(txn, 'run a transaction', options);
  }

  /** Watches until `signal` aborts or the iteration is left; see {@link WatchItem}. Nothing is sent before the first `next()`. */
  watch(request: WatchRequest, options: WatchOptions = {}): AsyncIterableIterator<WatchItem> {
    const context = {
      endpoints: this.#endpoints,
      namespace: this.#namespace,
      closed: this.#closed.signal,
      log: this.#log,
    };
    return watch(context, request, options.signal);
  }

  /** Opens a session; closing the client closes it. @param ttlSeconds default 10. */
  async session({ ttlSeconds = 10 } = {}, options?: CallOptions): Promise<Session> {
    const session = await Session.open(
      { calls: this.#calls, endpoints: this.#endpoints, log: this.#log },
      ttlSeconds,
      options,
    );
    this.#sessions.add(session);
    // It is ours until it is wholly closed, so that closing the client waits for a revocation under way.
    const ended = async (): Promise<void> => {
      await session.close();
      this.#sessions.delete(session);
    };
    session.expired.addEventListener('abort', () => queueMicrotask(() => void ended()), { once: true });
    if (this.#closed.signal.aborted) await session.close();
    return session;
  }

  members(options?: CallOptions): Promise<Member[]> {
    return listMembers(this.#calls, options);
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
    return addLearner(this.#calls, peerUrls, options);
  }

  /** @throws WorldError `conflict` while the learner has not caught up. */
  memberPromote(id: string, options?: CallOptions): Promise<void> {
    return promoteMember(this.#calls, id, options);
  }

  /** @throws WorldError `not-found`; `unavailable` while etcd finds the cluster unhealthy. */
  memberRemove(id: string, options?: CallOptions): Promise<void> {
    return removeMember(this.#calls, id, options);
  }

  moveLeader(toId: string, options?: CallOptions): Promise<void> {
    return moveLeader(this.#calls, this.#endpoints, toId, options);
  }

  /** How the member at `endpoint` is; it answers without a quorum and as a learner. Default: the endpoint in use. */
  status(endpoint?: string, options?: CallOptions): Promise<MemberStatus> {
    return memberStatus(this.#calls, this.#endpoints, endpoint, options);
  }

  /** From now on uses these endpoints; streams move over without losing anything. */
  setEndpoints(endpoints: readonly string[]): void {
    for (const set of [this.#endpoints, ...this.#bulk]) set.replace(endpoints);
  }

  /** Ends watches, revokes sessions, rejects calls in flight with `closed` and closes connections; idempotent, bounded. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.close()));
    this.#closed.abort();
    for (const set of [this.#endpoints, ...this.#bulk]) set.close();
  }

  async #txn(txn: Txn, what: string, options?: WriteOptions): Promise<TxnReply> {
    const request = toTxnRequest(this.#namespace, txn);
    const { value, repeated } = await this.#lane(options).perform(
      { kind: kindOf(options), what, run: (rpc) => rpc.kv.txn(request) },
      options,
    );
    const replies = value.responses.map((reply) => toOpReply(this.#namespace, reply));
    return { succeeded: value.succeeded, revision: BigInt(value.header.revision), replies, repeated };
  }

  #lane(options: ReadOptions | undefined): Calls {
    if (options?.bulk !== true) return this.#calls;
    this.#nextBulk = (this.#nextBulk + 1) % this.#bulkCalls.length;
    return this.#bulkCalls[this.#nextBulk] ?? this.#calls;
  }
}

function kindOf(options: WriteOptions | undefined): CallKind {
  return options?.repeatable === true ? 'repeatable' : 'once';
}
