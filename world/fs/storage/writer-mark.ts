import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import type { Session } from '../../client/lease/session.js';
import type { TxnOp } from '../../client/txn/transaction.js';

/** Long, so that an upload over a link that stalls for a while keeps its blocks. */
const MARK_TTL_SECONDS = 60;

/**
 * The key that says that somebody uploads: a sweep spares what was stored since. It is written in each transaction that stores
 * blocks, so that it is never younger than they are, and bound to a lease, so that it goes with the writer.
 */
export class WriterMark {
  readonly #client: Client;
  readonly #prefix: string;
  readonly #value: string;
  #session: Promise<Session> | undefined;

  /** @param prefix of the marks of those who upload now */
  constructor(client: Client, prefix: string, value: string) {
    this.#client = client;
    this.#prefix = prefix;
    this.#value = value;
  }

  /** Asks for the lease before it is needed. */
  prepare(call: CallOptions): void {
    // Whoever needs it asks again.
    this.#current(call).catch(() => undefined);
  }

  /** What stores blocks writes this with them. */
  async operation(call: CallOptions): Promise<TxnOp> {
    const session = await this.#current(call);
    if (session.expired.aborted) {
      // What was stored under the old mark is asked for again at the commit if anything is freed.
      this.#session = undefined;
      return this.operation(call);
    }
    const key = `${this.#prefix}${BigInt(session.lease).toString(16)}`;
    return { put: key, value: this.#value, lease: session.lease };
  }

  /** Never fails: a mark that never came needs no end. */
  async end(): Promise<void> {
    const opening = this.#session;
    this.#session = undefined;
    const session = await opening?.catch(() => undefined);
    await session?.close();
  }

  #current(call: CallOptions): Promise<Session> {
    if (this.#session !== undefined) return this.#session;
    const opening = this.#client.session({ ttlSeconds: MARK_TTL_SECONDS }, call);
    this.#session = opening;
    opening.catch(() => {
      if (this.#session === opening) this.#session = undefined;
    });
    return opening;
  }
}
