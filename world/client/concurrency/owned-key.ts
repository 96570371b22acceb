import { onAbort } from '../../../base/abort.js';
import type { CallOptions } from '../../call-options.js';
import { SESSION_TTL_SECONDS } from '../../constants.js';
import { WorldError } from '../../errors.js';
import type { Client } from '../client.js';
import type { KeyValue } from '../key-value.js';
import type { Session } from '../lease/session.js';
import { untilAvailable } from '../lease/until-available.js';
import type { Compare } from '../txn/txn.js';

const LEAVE_TIMEOUT_MS = 1000;

export interface TurnOptions {
  /** Ends the waiting; nothing is left in the line. */
  readonly signal?: AbortSignal;
  /** Waits at most so long, then rejects with `conflict`. Default: for ever. */
  readonly timeoutMs?: number;
  /** How soon the next in line gets its turn after this holder died without a word. Default 10. */
  readonly ttlSeconds?: number;
  /** Stands in line by this session, which outlives the turn. Default one of its own, of `ttlSeconds`. */
  readonly session?: Session;
}

/** A place in a line of keys under one prefix, in the order in which they were created. */
interface Place {
  readonly prefix: string;
  readonly key: string;
  readonly createRevision: bigint;
}

/**
 * The turn of one holder at a time, in the key layout of etcd's Go `concurrency` package (`$prefix/$leaseHex`), so
 * that programs in Go stand in the same line. It ends with its session.
 */
export class Turn implements AsyncDisposable {
  /** The key that stands for this holder. */
  readonly key: string;
  readonly createRevision: bigint;
  readonly #client: Client;
  readonly #session: Session;
  readonly #release: () => Promise<unknown>;
  readonly #lost = new AbortController();
  readonly #watched: Promise<void>;

  /**
   * Gets in line and resolves when the turn has come.
   * @throws WorldError `conflict` when it did not come in time; `unavailable`; after an abort `signal.reason`.
   */
  static async take(client: Client, name: string, value: string, options: TurnOptions = {}): Promise<Turn> {
    const { signal, timeoutMs, ttlSeconds = SESSION_TTL_SECONDS } = options;
    signal?.throwIfAborted();
    const session =
      options.session ?? (await client.session({ ttlSeconds }, signal === undefined ? {} : { signal }));
    const release = () =>
      options.session === undefined ? session.close() : leaveLine(client, name, session);
    const over = new AbortController();
    const unlisten = [signal, session.expired].map((end) => onAbort([end], () => over.abort(end?.reason)));
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => over.abort(tooLong(name, timeoutMs)), timeoutMs);
    try {
      const place = await getInLine(client, name, value, session, over.signal);
      await comeForward(client, place, over.signal);
      return new Turn(client, place, session, release);
    } catch (error) {
      // Whether or not the answer to writing the key came.
      await release();
      throw error;
    } finally {
      clearTimeout(timer);
      for (const stop of unlisten) stop();
    }
  }

  private constructor(client: Client, place: Place, session: Session, release: () => Promise<unknown>) {
    this.#release = release;
    this.key = place.key;
    this.createRevision = place.createRevision;
    this.#client = client;
    this.#session = session;
    const lose = (): void => this.#lost.abort(session.expired.reason);
    if (session.expired.aborted) lose();
    session.expired.addEventListener('abort', lose, { once: true });
    this.#watched = this.#watchKey();
    // Whatever ends the watch has ended the turn, which says why.
    this.#watched.catch((error: unknown) => this.#lost.abort(error));
  }

  /**
   * Aborts when the turn is over, by our own clock before etcd can give it to the next in line; the reason is a
   * WorldError.
   */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Holds in a transaction as long as the turn does: with it, a write of a holder that was overtaken is refused. */
  get held(): Compare {
    return { key: this.key, target: 'createRevision', relation: '=', to: this.createRevision };
  }

  /** Replaces the value. @throws WorldError `conflict` when the turn is over. */
  async write(value: string, options?: CallOptions): Promise<void> {
    const { succeeded } = await this.#client.txn(
      { compare: [this.held], success: [{ put: this.key, value, lease: this.#session.lease }] },
      { ...options, repeatable: true },
    );
    if (!succeeded) throw overtaken(this.key);
  }

  /** Lets the next in line have its turn, at once; bounded and idempotent, also when etcd is out of reach. */
  async close(): Promise<void> {
    this.#lost.abort(new WorldError('closed', 'The turn was given up.'));
    await this.#release();
    await this.#watched.catch(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #read(): Promise<KeyValue | undefined> {
    const { signal } = this.#lost;
    return untilAvailable(signal, () => this.#client.get(this.key, { signal }));
  }

  /** Somebody may delete the key without touching the lease. */
  async #watchKey(): Promise<void> {
    const request = { key: this.key, fromRevision: this.createRevision + 1n };
    for await (const item of this.#client.watch(request, { signal: this.#lost.signal })) {
      if (item.kind === 'ready') continue;
      const deleted =
        item.kind === 'events'
          ? item.events.some((event) => event.type === 'delete')
          : (await this.#read())?.createRevision !== this.createRevision;
      if (deleted) return this.#lost.abort(overtaken(this.key));
    }
  }
}

/** Gives up a place that the session is to outlive; bounded, since the key goes with the session at the latest. */
async function leaveLine(client: Client, name: string, session: Session): Promise<void> {
  if (session.expired.aborted) return;
  await client
    .del(placeKey(name, session), { repeatable: true, timeoutMs: LEAVE_TIMEOUT_MS })
    .catch(() => false);
}

function placeKey(name: string, session: Session): string {
  return `${name}/${BigInt(session.lease).toString(16)}`;
}

/** A session has one place in a line: writing it again after a lost answer finds the one that is there. */
async function getInLine(
  client: Client,
  name: string,
  value: string,
  session: Session,
  signal: AbortSignal,
): Promise<Place> {
  const key = placeKey(name, session);
  const { succeeded, revision, replies } = await client.txn(
    {
      compare: [{ key, target: 'createRevision', relation: '=', to: 0 }],
      success: [{ put: key, value, lease: session.lease }],
      failure: [{ get: key }],
    },
    { signal, repeatable: true },
  );
  const createRevision = succeeded ? revision : replies[0]?.entries[0]?.createRevision;
  if (createRevision === undefined) throw overtaken(key);
  return { prefix: `${name}/`, key, createRevision };
}

/** Waits for whoever is directly ahead only, so that one departure wakes one. */
async function comeForward(client: Client, place: Place, signal: AbortSignal): Promise<void> {
  const { prefix, key, createRevision } = place;
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
    if (own?.createRevision !== createRevision) throw overtaken(key);
    if (before === undefined) return signal.throwIfAborted();
    await departure(client, before.key, revision + 1n, signal);
  }
}

async function departure(
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

function overtaken(key: string): WorldError {
  return new WorldError(
    'conflict',
    `The key ${key} was deleted by somebody else: its holder's turn is over.`,
    {
      key,
    },
  );
}

function tooLong(name: string, timeoutMs: number): WorldError {
  const message = `${name} is held by somebody else, and waiting ${timeoutMs} ms for it was not enough.`;
  return new WorldError('conflict', message, { key: name });
}
