import type { ILeaseKeepAliveResponse } from 'etcd3';
import { onAbort, pause } from '../../../base/abort.js';
import { Backoff } from '../../../base/backoff.js';
import type { Log } from '../../../base/log.js';
import type { CallOptions } from '../../call-options.js';
import { WorldError } from '../../errors.js';
import type { Calls } from '../calls/calls.js';
import type { EndpointConnection, EndpointSet } from '../calls/endpoint-set.js';
import { openKeepAlive } from '../calls/rpc.js';
import type { FleetGuard } from '../fleet/fleet-guard.js';

const REVOKE_TIMEOUT_MS = 1000;

export interface SessionContext {
  readonly calls: Calls;
  readonly endpoints: EndpointSet;
  /** Tells answers of the fleet from others. */
  readonly fleet: FleetGuard | undefined;
  readonly log: Log | undefined;
  /** Leases of sessions that ended while etcd was out of reach. */
  readonly unrevoked: Set<string>;
}

/**
 * A lease that is kept alive: keys bound to it vanish soon after its holder does.
 *
 * Whoever acts by right of the session stops at {@link expired}. It aborts by our own clock, a tenth of the TTL
 * before etcd can give the lease up, so that two holders never both believe.
 */
export class Session implements AsyncDisposable {
  /** The lease, in decimal, to bind keys to. */
  readonly lease: string;
  readonly ttlSeconds: number;
  readonly #context: SessionContext;
  readonly #expired = new AbortController();
  readonly #keptAlive: Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Grants a lease. etcd may raise a TTL that is too short for its election timeout.
   * @throws WorldError `unavailable`
   */
  static async open(context: SessionContext, ttlSeconds: number, options?: CallOptions): Promise<Session> {
    let sentAt = 0;
    const { value: grant } = await context.calls.perform(
      {
        // A lease granted twice is not seen: the one that nobody keeps alive expires.
        kind: 'repeatable',
        what: 'grant a lease',
        run: (rpc) => {
          sentAt = performance.now();
          return rpc.lease.leaseGrant({ TTL: ttlSeconds });
        },
      },
      options,
    );
    // Keys of our own that nobody holds any more would keep us waiting: an election goes by who came first.
    for (const lease of context.unrevoked) void revoke(context, lease);
    return new Session(context, grant.ID, Number(grant.TTL), sentAt);
  }

  private constructor(context: SessionContext, lease: string, ttlSeconds: number, grantedAt: number) {
    this.#context = context;
    this.lease = lease;
    this.ttlSeconds = ttlSeconds;
    this.#renewedAt(grantedAt);
    this.#keptAlive = this.#keepAlive();
  }

  /** Aborts when the lease can no longer be relied on; the reason is a WorldError (`unavailable`, or `closed` after close). */
  get expired(): AbortSignal {
    return this.#expired.signal;
  }

  /** Revokes the lease, so that its keys vanish now; bounded and idempotent, also when etcd is out of reach. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#end(new WorldError('closed', 'The session was closed.'));
    await this.#keptAlive;
    await revoke(this.#context, this.lease);
  }

  #end(reason: WorldError): void {
    clearTimeout(this.#timer);
    this.#expired.abort(reason);
  }

  #renewedAt(sentAt: number): void {
    clearTimeout(this.#timer);
    const waitMs = sentAt + this.ttlSeconds * 900 - performance.now();
    const lost = (): void => {
      const message = `Lease ${this.lease} was not renewed for ${this.ttlSeconds} s: the session is lost.`;
      this.#end(new WorldError('unavailable', message));
    };
    this.#timer = setTimeout(lost, Math.max(0, waitMs));
  }

  async #keepAlive(): Promise<void> {
    const backoff = new Backoff();
    const roundMs = (this.ttlSeconds * 1000) / 3;
    await pause(roundMs, this.expired);
    while (!this.expired.aborted) {
      try {
        for await (const _ of this.#rounds(this.#context.endpoints.pick(), roundMs)) backoff.reset();
      } catch (error) {
        this.#context.log?.('debug', `Could not renew lease ${this.lease}: ${String(error)}`);
      }
      await pause(backoff.next(), this.expired);
    }
  }

  /** Renews over one stream, once a round, until it fails or the session ends; yields after each renewal. */
  async *#rounds(connection: EndpointConnection, roundMs: number): AsyncGenerator<void> {
    const stream = openKeepAlive(connection.host, await connection.login.token(connection.host));
    // The iterator reports errors; a listener of our own keeps one that comes after it from ending the process.
    stream.on('error', () => undefined);
    const unlisten = onAbort([this.expired, connection.removed], () => stream.cancel());
    const iterator: AsyncIterator<ILeaseKeepAliveResponse> = stream[Symbol.asyncIterator]();
    try {
      while (!this.expired.aborted) {
        const sentAt = performance.now();
        stream.write({ ID: this.lease });
        const late = setTimeout(() => stream.cancel(), this.#answerMs(roundMs));
        const reply = await iterator.next().finally(() => clearTimeout(late));
        if (reply.done === true) return;
        // Another cluster does not know the lease, which does not mean that ours has given it up.
        if (this.#context.fleet?.accepts(reply.value) === false) throw this.#otherCluster(connection);
        if (Number(reply.value.TTL) <= 0) return this.#gone();
        this.#renewedAt(sentAt);
        yield;
        await pause(roundMs, this.expired, connection.removed);
      }
    } catch (error) {
      if (!this.expired.aborted && !connection.removed.aborted)
        this.#context.endpoints.avoid(connection, { reconnect: true });
      throw error;
    } finally {
      unlisten();
      stream.cancel();
    }
  }

  #otherCluster(connection: EndpointConnection): WorldError {
    this.#context.fleet?.forget(connection);
    return new WorldError('other-fleet', `${connection.describe().name} answers for another cluster.`);
  }

  /** Where there are others to ask, time must be left to ask them. */
  #answerMs(roundMs: number): number {
    return this.#context.endpoints.connections.length > 1 ? roundMs / 2 : roundMs;
  }

  #gone(): void {
    this.#end(new WorldError('unavailable', `etcd has given up lease ${this.lease}: the session is lost.`));
  }
}

/** The sessions that a client opened and that are not wholly closed yet. */
export class Sessions {
  readonly #context: SessionContext;
  readonly #open = new Set<Session>();
  #isClosed = false;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  async open(ttlSeconds: number, options?: CallOptions): Promise<Session> {
    const session = await Session.open(this.#context, ttlSeconds, options);
    this.#open.add(session);
    // It is ours until it is wholly closed, so that closing the client waits for a revocation under way.
    const ended = async (): Promise<void> => {
      await session.close();
      this.#open.delete(session);
    };
    onAbort([session.expired], () => queueMicrotask(() => void ended()));
    if (this.#isClosed) await session.close();
    return session;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open].map((session) => session.close()));
  }
}

/** Gives a lease back. One that cannot be given back now is given back when the next session opens, if it still stands. */
async function revoke({ calls, log, unrevoked }: SessionContext, lease: string): Promise<void> {
  unrevoked.delete(lease);
  try {
    await calls.perform(
      {
        kind: 'repeatable',
        what: `revoke lease ${lease}`,
        run: (rpc) => rpc.lease.leaseRevoke({ ID: lease }),
      },
      { timeoutMs: REVOKE_TIMEOUT_MS },
    );
  } catch (error) {
    // Else it expires by itself, within its TTL after etcd has chosen a leader at the latest.
    log?.('debug', String(error));
    if (error instanceof WorldError && (error.code === 'unavailable' || error.code === 'outcome-unknown'))
      unrevoked.add(lease);
  }
}
