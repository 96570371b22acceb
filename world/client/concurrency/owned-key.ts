import { onAbort } from '../../../base/abort.js';
import type { CallOptions } from '../../call-options.js';
import { SESSION_TTL_SECONDS } from '../../constants.js';
import { WorldError } from '../../errors.js';
import type { Client } from '../client.js';
import type { KeyValue } from '../key-value.js';
import type { Session } from '../lease/session.js';
import { retryUntilAvailable } from '../retry-until-available.js';
import type { Compare } from '../txn/transaction.js';

const RELEASE_TIMEOUT_MS = 1000;

export interface AcquireOptions {
  /** Stops waiting; nothing stays in the queue. */
  readonly signal?: AbortSignal | undefined;
  /** The longest to wait, in ms, before rejecting with `conflict`. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** How soon the next in the queue takes over after the owner died without releasing. Default 10. */
  readonly ttlSeconds?: number | undefined;
  /** The session to own by, which outlives the ownership. Default: a new one of `ttlSeconds`. */
  readonly session?: Session | undefined;
}

/** A lock that this client holds until it closes it, or until {@link Lock.lost} aborts; it ends with its session. */
export interface Lock extends AsyncDisposable {
  /** The key that stands for this owner. */
  readonly key: string;
  readonly createRevision: bigint;
  /**
   * Aborts when ownership ends, by this machine's clock before etcd can pass it on; the reason is a WorldError
   * (`conflict` when the key was deleted, `unavailable` when the session was lost, `closed` after closing).
   */
  readonly lost: AbortSignal;
  /** Holds in a transaction only while this client is the owner: with it, a write that comes too late is refused. */
  readonly fence: Compare;
  /** Releases it, so that the next in the queue takes over at once; idempotent, and bounded when etcd is unreachable. */
  close(): Promise<void>;
}

/** The leadership of an election, held as a {@link Lock} is. */
export interface Leadership extends Lock {
  /** Replaces the value that others see. @throws WorldError `conflict` when leadership was lost; as calls do. */
  proclaim(value: string, options?: CallOptions): Promise<void>;
}

/** This owner's entry in a queue of keys under one prefix, in the order of their creation. */
interface QueueEntry {
  readonly prefix: string;
  readonly key: string;
  readonly createRevision: bigint;
}

/**
 * A key that has one owner at a time, in the layout of etcd's Go `concurrency` package (`$prefix/$leaseHex`), so that
 * Go programs wait in the same queue.
 */
export class OwnedKey implements Leadership {
  readonly key: string;
  readonly createRevision: bigint;
  readonly #client: Client;
  readonly #session: Session;
  readonly #release: () => Promise<unknown>;
  readonly #lost = new AbortController();
  readonly #unlisten: () => void;
  readonly #watching: Promise<void>;

  /**
   * Joins the queue and resolves when this client is first in it.
   * @throws WorldError `conflict` after `timeoutMs`; `unavailable`; after an abort `signal.reason`.
   */
  static async acquire(
    client: Client,
    name: string,
    value: string,
    options: AcquireOptions = {},
  ): Promise<OwnedKey> {
    const { signal, timeoutMs, ttlSeconds = SESSION_TTL_SECONDS } = options;
    signal?.throwIfAborted();
    const session = options.session ?? (await client.session({ ttlSeconds }, { signal }));
    const release = () =>
      options.session === undefined ? session.close() : leaveQueue(client, name, session);
    const over = new AbortController();
    const unlisten = [signal, session.expired].map((end) => onAbort([end], () => over.abort(end?.reason)));
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => over.abort(timedOut(name, timeoutMs)), timeoutMs);
    try {
      const entry = await joinQueue(client, name, value, session, over.signal);
      await waitUntilFirst(client, entry, over.signal);
      return new OwnedKey(client, entry, session, release);
    } catch (error) {
      // The key may exist even where the answer to writing it did not arrive.
      await release();
      throw error;
    } finally {
      clearTimeout(timer);
      for (const stop of unlisten) stop();
    }
  }

  private constructor(client: Client, entry: QueueEntry, session: Session, release: () => Promise<unknown>) {
    this.#release = release;
    this.key = entry.key;
    this.createRevision = entry.createRevision;
    this.#client = client;
    this.#session = session;
    this.#unlisten = onAbort([session.expired], () => this.#lost.abort(session.expired.reason));
    this.#watching = this.#watchKey();
    // What ends the watch also ends the ownership, and is why it ended.
    this.#watching.catch((error: unknown) => this.#lost.abort(error));
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get fence(): Compare {
    return { key: this.key, target: 'createRevision', relation: '=', to: this.createRevision };
  }

  async proclaim(value: string, options?: CallOptions): Promise<void> {
    const { succeeded } = await this.#client.txn(
      { compare: [this.fence], success: [{ put: this.key, value, lease: this.#session.lease }] },
      { ...options, repeatable: true },
    );
    if (!succeeded) throw deletedByAnother(this.key);
  }

  async close(): Promise<void> {
    this.#lost.abort(new WorldError('closed', `${this.key} was released.`));
    this.#unlisten();
    await this.#release();
    await this.#watching.catch(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #read(): Promise<KeyValue | undefined> {
    const { signal } = this.#lost;
    return retryUntilAvailable(signal, () => this.#client.get(this.key, { signal }));
  }

  /** Another client may delete the key without touching the lease. */
  async #watchKey(): Promise<void> {
    const request = { key: this.key, fromRevision: this.createRevision + 1n };
    for await (const item of this.#client.watch(request, { signal: this.#lost.signal })) {
      if (item.kind === 'ready') continue;
      const deleted =
        item.kind === 'events'
          ? item.events.some((event) => event.type === 'delete')
          : (await this.#read())?.createRevision !== this.createRevision;
      if (deleted) return this.#lost.abort(deletedByAnother(this.key));
    }
  }
}

/** Deletes the entry of a session that lives on; bounded, since the key goes with the session at the latest. */
async function leaveQueue(client: Client, name: string, session: Session): Promise<void> {
  if (session.expired.aborted) return;
  await client
    .del(entryKey(name, session), { repeatable: true, timeoutMs: RELEASE_TIMEOUT_MS })
    .catch(() => false);
}

function entryKey(name: string, session: Session): string {
  return `${name}/${BigInt(session.lease).toString(16)}`;
}

/** A session has one entry in a queue: writing it again after a lost answer finds the existing one. */
async function joinQueue(
  client: Client,
  name: string,
  value: string,
  session: Session,
  signal: AbortSignal,
): Promise<QueueEntry> {
  const key = entryKey(name, session);
  const { succeeded, revision, replies } = await client.txn(
    {
      compare: [{ key, target: 'createRevision', relation: '=', to: 0 }],
      success: [{ put: key, value, lease: session.lease }],
      failure: [{ get: key }],
    },
    { signal, repeatable: true },
  );
  const createRevision = succeeded ? revision : replies[0]?.entries[0]?.createRevision;
  if (createRevision === undefined) throw deletedByAnother(key);
  return { prefix: `${name}/`, key, createRevision };
}

/** Waits only for the entry directly ahead, so that each deletion wakes one client. */
async function waitUntilFirst(client: Client, entry: QueueEntry, signal: AbortSignal): Promise<void> {
  const { prefix, key, createRevision } = entry;
  const ahead = {
    get: prefix,
    prefix: true,
    byCreation: { order: 'last', limit: 1, upTo: createRevision - 1n },
  } as const;
  for (;;) {
    const { revision, replies } = await client.txn(
      { success: [{ get: key }, ahead] },
      { signal, repeatable: true },
    );
    const [own, before] = replies.map((reply) => reply.entries[0]);
    if (own?.createRevision !== createRevision) throw deletedByAnother(key);
    if (before === undefined) return signal.throwIfAborted();
    await waitForDeletion(client, before.key, revision + 1n, signal);
  }
}

async function waitForDeletion(
  client: Client,
  key: string,
  fromRevision: bigint,
  signal: AbortSignal,
): Promise<void> {
  for await (const item of client.watch({ key, fromRevision }, { signal })) {
    if (item.kind === 'restarted') return;
    if (item.kind === 'events' && item.events.some((event) => event.type === 'delete')) return;
  }
  signal.throwIfAborted();
}

function deletedByAnother(key: string): WorldError {
  return new WorldError('conflict', `Lost ${key}: another client deleted this key.`, { key });
}

function timedOut(name: string, timeoutMs: number): WorldError {
  const message = `Timed out after ${timeoutMs} ms waiting for ${name}, which is held by another client.`;
  return new WorldError('conflict', message, { key: name });
}
