import { onAbort, pause } from '../../base/abort.js';
import { Backoff } from '../../base/backoff.js';
import type { Log } from '../../base/log.js';
import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import type { Session } from '../client/lease/session.js';
import { WorldError } from '../errors.js';
import { type StoredOptions, serialiseOptions } from './schedule-options.js';

/**
 * Keeps one host a candidate of one schedule by a session, and makes it one again when the session was lost. With
 * `persist` the candidate needs no session and outlives its host.
 */
export class Candidacy {
  readonly #client: Client;
  readonly #key: string;
  readonly #log: Log | undefined;
  readonly #closed = new AbortController();
  #session: Session | undefined;
  #wanted: StoredOptions | undefined;
  #keeping: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(client: Client, key: string, log: Log | undefined) {
    this.#client = client;
    this.#key = key;
    this.#log = log;
  }

  /**
   * Registers the candidate with these options from now on.
   * @returns whether anything was changed.
   * @throws WorldError `unavailable`, `outcome-unknown`; `closed` once it was withdrawn.
   */
  async register(options: StoredOptions, call: CallOptions): Promise<boolean> {
    call.signal?.throwIfAborted();
    const over = new AbortController();
    const unlisten = onAbort([call.signal], () => over.abort(call.signal?.reason));
    const withdrawn = new WorldError('closed', 'The candidate was withdrawn.');
    const unclose = onAbort([this.#closed.signal], () => over.abort(withdrawn));
    try {
      return await this.#serialize(async () => {
        if (this.#closed.signal.aborted) throw withdrawn;
        const changed = await this.#put(options, { ...call, signal: over.signal });
        this.#wanted = options;
        if (this.#session !== undefined) this.#keeping ??= this.#keep();
        return changed;
      });
    } finally {
      unlisten();
      unclose();
    }
  }

  /** Whether {@link register} would change nothing. */
  async isRegistered(options: StoredOptions, call: CallOptions): Promise<boolean> {
    const entry = await this.#client.get(this.#key, call);
    const session = this.#session;
    const bound = options.persist ? '0' : session?.expired.aborted === false ? session.lease : undefined;
    return entry?.value.toString() === serialiseOptions(options) && entry.lease === bound;
  }

  /** Withdraws; what is bound to the session is deleted at once. Bounded and idempotent. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#last;
    await this.#keeping;
    await this.#session?.close();
  }

  /** Ends without withdrawing: the host stays a candidate until its session is over. Bounded and idempotent. */
  async abandon(): Promise<void> {
    this.#closed.abort();
    await this.#last;
    await this.#keeping;
    await this.#session?.abandon();
  }

  async #keep(): Promise<void> {
    const { signal } = this.#closed;
    const backoff = new Backoff();
    while (this.#session !== undefined) {
      await ended(this.#session.expired, signal);
      if (signal.aborted) return;
      try {
        await this.#serialize(async () => {
          if (this.#wanted !== undefined) await this.#put(this.#wanted, { signal });
        });
        backoff.reset();
      } catch (error) {
        if (signal.aborted || (error instanceof WorldError && error.code === 'closed')) return;
        this.#log?.('debug', `Could not write ${this.#key} again: ${String(error)}`);
        await pause(backoff.next(), signal);
      }
    }
    // It is persistent now; registering with a session again starts this again.
    this.#keeping = undefined;
  }

  async #put(options: StoredOptions, call: CallOptions): Promise<boolean> {
    const before = this.#session;
    const session = options.persist ? undefined : await this.#sessionFor(options.sessionTtlSeconds, call);
    try {
      const changed = await this.#write(serialiseOptions(options), session?.lease ?? '0', call);
      this.#session = session;
      if (before !== session) await before?.close();
      return changed;
    } catch (error) {
      if (before !== session) await session?.close();
      throw error;
    }
  }

  async #write(value: string, lease: string, call: CallOptions): Promise<boolean> {
    const key = this.#key;
    const { succeeded, repeated } = await this.#client.txn(
      {
        compare: [
          { key, target: 'value', relation: '=', to: value },
          { key, target: 'lease', relation: '=', to: lease },
        ],
        failure: [{ put: key, value, lease }],
      },
      { ...call, repeatable: true },
    );
    return !succeeded || repeated;
  }

  async #sessionFor(ttlSeconds: number, call: CallOptions): Promise<Session> {
    const session = this.#session;
    // Not the session's own TTL: etcd may have raised what was asked for.
    const fits = this.#wanted?.sessionTtlSeconds === ttlSeconds;
    if (session !== undefined && !session.expired.aborted && fits) return session;
    return this.#client.session({ ttlSeconds }, call);
  }

  /** One write at a time. */
  #serialize<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    // The caller gets the failure.
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** Resolves when one of the signals aborts. */
function ended(...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => onAbort(signals, resolve));
}
