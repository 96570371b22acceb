import type { CallOptions, WatchOptions } from '../call-options.js';
import { SESSION_TTL_SECONDS } from '../constants.js';
import type { FleetIdentity } from '../fleet/identity-codec.js';
import { FLEET_KEY } from '../keys.js';
import { CallRunner } from './calls/call-runner.js';
import { ConnectionLanes } from './calls/connection-lanes.js';
import type { EndpointSet } from './calls/endpoint-set.js';
import type { ClientOptions, ReadOptions, TxnReply, WriteOptions } from './client-types.js';
import { ClusterRequests } from './cluster-requests.js';
import { describeKey } from './error/name-key-for-users.js';
import { Namespace } from './key-namespace.js';
import { getKey, putKey, runTxn } from './key-requests.js';
import type { KeyValue } from './key-value.js';
import { grantLease } from './lease/grant-lease.js';
import { type Session, Sessions } from './lease/session.js';
import { type Listing, type ListOptions, listPrefix, listPrefixes } from './list-keys.js';
import { Login } from './login.js';
import { prepareForBulk } from './prepare-for-bulk.js';
import { readSnapshot } from './snapshot/download-snapshot.js';
import { Certificates } from './tls/reload-certificates.js';
import type { Txn } from './txn/transaction.js';
import { iterateWatch, type WatchContext, type WatchRequest, watchChanges } from './watch/iterate-watch.js';
import type { WatchItem } from './watch/watch-item.js';
import { confirmWrite } from './write/read-back-after-lost-answer.js';
import { type DesiredValue, writeUntilSettled } from './write/set-value-despite-lost-answers.js';

/**
 * The etcd client that the World is built on. It connects at its first call.
 *
 * Calls wait for etcd for up to `timeoutMs` (default 10,000) and reject with a WorldError: `unavailable` if certainly
 * nothing was applied, `outcome-unknown` if a write may have been. After an abort they reject with `signal.reason`.
 */
export class Client implements AsyncDisposable {
  /** The cluster's members and database. */
  readonly cluster: ClusterRequests;
  readonly #calls: CallRunner;
  readonly #namespace: Namespace;
  readonly #lanes: ConnectionLanes;
  /** For a view: the client whose connections it shares. */
  readonly #parent: Client | undefined;
  readonly #sessions: Sessions;
  readonly #views = new Set<Client>();
  readonly #closed: AbortController;
  readonly #callsOver: (set: EndpointSet) => CallRunner;
  #closing: Promise<void> | undefined;

  /** Does not connect yet. @throws WorldError `invalid` for a malformed endpoint or an unusable certificate file. */
  static create({ endpoints, namespace = '', tls, user, dialling, fleet, log }: ClientOptions): Client {
    const space = new Namespace(namespace);
    const login = new Login(user, tls?.certFile);
    const lanes = new ConnectionLanes({
      endpoints,
      dialling: { ...dialling, certificates: new Certificates(tls, log), login },
      fleet: fleet === 'any' ? undefined : { key: space.add(FLEET_KEY), fleet },
      log,
    });
    return new Client(lanes, space);
  }

  private constructor(lanes: ConnectionLanes, namespace: Namespace, parent?: Client) {
    const closed = new AbortController();
    const callsOver = (set: EndpointSet): CallRunner =>
      new CallRunner(set, closed.signal, lanes.lastRevision, lanes.log, lanes.fleet);
    const calls = callsOver(lanes.small);
    this.cluster = new ClusterRequests(calls, lanes.small);
    this.#calls = calls;
    const { small: endpoints, unrevoked, fleet, log } = lanes;
    this.#sessions = new Sessions({ calls, endpoints, unrevoked, fleet, log });
    this.#closed = closed;
    this.#callsOver = callsOver;
    this.#lanes = lanes;
    this.#namespace = namespace;
    this.#parent = parent;
  }

  /** The endpoints in use, as URLs. */
  get endpoints(): readonly string[] {
    return this.#lanes.small.connections.map((connection) => connection.url);
  }

  /** The fleet that the client is bound to; undefined before the first answer, and if the cluster names none. */
  get fleet(): FleetIdentity | undefined {
    return this.#lanes.fleet?.fleet;
  }

  /** So many bytes are about to be moved: opens connections for them, over a long link more than usual. */
  expectBulk(bytes: number): void {
    prepareForBulk(this.#lanes, bytes, (options) => this.get(FLEET_KEY, options)).catch(() => undefined);
  }

  /** Binds the client to this fleet; endpoints of another are refused with `other-fleet`. */
  knowFleet(fleet: FleetIdentity): void {
    this.#lanes.fleet?.know(fleet);
  }

  /**
   * A view of the keys under `prefix`, over the same connections; views can be nested. Closing it ends only its own
   * watches, sessions and calls; closing this client closes it too.
   */
  namespace(prefix: string): Client {
    const view = new Client(this.#lanes, this.#namespace.nested(prefix), this);
    if (this.#closing === undefined) this.#views.add(view);
    else void view.close();
    return view;
  }

  get(key: string, options?: ReadOptions): Promise<KeyValue | undefined> {
    return getKey(this.#lane(options), this.#namespace, key, options);
  }

  /** Lists all keys that start with `prefix`, as of one revision. */
  list(prefix: string, options: ListOptions = {}): Promise<Listing> {
    return listPrefix(this.#calls, this.#namespace, prefix, options);
  }

  /** Lists all keys that start with any of the prefixes (at most 128, none a prefix of another), as of one revision. */
  listTogether(prefixes: readonly string[], options: CallOptions = {}): Promise<Listing> {
    return listPrefixes(this.#calls, this.#namespace, prefixes, options);
  }

  /**
   * Grants or renews the lease for a name: the same name and TTL give the same lease, in any process. It is not kept
   * alive. @returns its id, to bind keys to.
   */
  leaseFor(name: string, ttlSeconds: number, options: CallOptions = {}): Promise<string> {
    return grantLease(this.#calls, `${this.#namespace.prefix}\0${name}`, ttlSeconds, options);
  }

  /**
   * Writes a key. If the answer is lost, the key is read back: if it holds this value and lease, at a revision newer
   * than any this client had seen, the write succeeded; otherwise rejects with `outcome-unknown`.
   */
  async set(
    key: string,
    value: string | Buffer,
    options: WriteOptions & { lease?: string | undefined } = {},
  ): Promise<void> {
    const written = { key, value: Buffer.from(value), lease: options.lease ?? '0' };
    const read = (timeoutMs: number): Promise<KeyValue | undefined> =>
      this.get(key, { ...options, timeoutMs });
    await confirmWrite(written, this.#lanes.lastRevision.revision, options.timeoutMs, read, () =>
      putKey(this.#lane(options), this.#namespace, written, options),
    );
  }

  /**
   * Writes only if the value differs, so that no watch wakes needlessly. If the answer is lost, retries until the key
   * holds the value; rejects with `outcome-unknown` if another client wrote the key meanwhile.
   */
  setIfChanged(key: string, value: string | Buffer, options?: CallOptions): Promise<void> {
    return this.#ensure({ key, value }, `write ${describeKey(key)}`, options);
  }

  /** Deletes a key if it exists. A lost answer is handled as in {@link setIfChanged}. */
  delIfPresent(key: string, options?: CallOptions): Promise<void> {
    return this.#ensure({ key, value: undefined }, `delete ${describeKey(key)}`, options);
  }

  /** @returns whether the key existed. */
  async del(key: string, options?: WriteOptions): Promise<boolean> {
    const { replies } = await this.#txn(
      { success: [{ delete: key }] },
      `delete ${describeKey(key)}`,
      options,
    );
    return replies.some((reply) => reply.count > 0);
  }

  /** @returns the number of keys deleted. */
  async delPrefix(prefix: string, options?: WriteOptions): Promise<number> {
    const { replies } = await this.#txn(
      { success: [{ delete: prefix, prefix: true }] },
      `delete ${describeKey(prefix)}`,
      options,
    );
    return replies.reduce((sum, reply) => sum + reply.count, 0);
  }

  txn(txn: Txn, options?: WriteOptions): Promise<TxnReply> {
    return this.#txn(txn, 'run a transaction', options);
  }

  /** Watches until `signal` aborts or the iteration ends; see {@link WatchItem}. Sends nothing before the first `next()`. */
  watch(request: WatchRequest, options: WatchOptions = {}): AsyncIterableIterator<WatchItem> {
    return iterateWatch(this.#watchContext(), request, options.signal);
  }

  /**
   * Like `watch`, but without the events: yields once when the watch is established and then once for each burst
   * of changes, so that a slow reader never falls behind and sees the newest state when it reads.
   */
  changes(request: WatchRequest, options: WatchOptions = {}): AsyncIterableIterator<void, undefined> {
    return watchChanges(this.#watchContext(), request, options.signal);
  }

  /**
   * The whole store of the member in use, with the keys of all namespaces, in the format of `etcdctl snapshot restore`.
   * It is sent no faster than it is read. @param options `timeoutMs` applies to each chunk.
   * @throws WorldError `unavailable` if the snapshot is incomplete
   */
  snapshot(options: CallOptions = {}): AsyncIterable<Uint8Array> {
    return readSnapshot(this.#callsOver(this.#lanes.bulk()), this.#closed.signal, options);
  }

  /** Opens a session, which closing the client also closes. @param ttlSeconds default 10. */
  session({ ttlSeconds = SESSION_TTL_SECONDS } = {}, options?: CallOptions): Promise<Session> {
    return this.#sessions.open(ttlSeconds, options);
  }

  /** Switches to these endpoints; streams move over without losing anything. */
  setEndpoints(endpoints: readonly string[]): void {
    this.#lanes.replace(endpoints);
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
    await Promise.all([...this.#views, this.#sessions].map((owned) => owned.close()));
    this.#closed.abort();
    if (this.#parent === undefined) this.#lanes.close();
    else this.#parent.#views.delete(this);
  }

  #ensure(desired: DesiredValue, what: string, options: CallOptions = {}): Promise<void> {
    const calls = {
      lastRevision: this.#lanes.lastRevision.revision,
      get: (timeoutMs: number) => this.get(desired.key, { ...options, timeoutMs }),
      txn: (txn: Txn, timeoutMs: number) => this.#txn(txn, what, { ...options, timeoutMs }),
    };
    return writeUntilSettled(desired, calls, options);
  }

  #watchContext(): WatchContext {
    return { watches: this.#lanes.watches, namespace: this.#namespace, closed: this.#closed.signal };
  }

  #txn(txn: Txn, what: string, options?: WriteOptions): Promise<TxnReply> {
    return runTxn(this.#lane(options), this.#namespace, txn, what, options);
  }

  #lane(options: ReadOptions | undefined): CallRunner {
    return options?.bulk === true ? this.#callsOver(this.#lanes.bulk()) : this.#calls;
  }
}
