import { onAbort, pause } from '../../../base/abort.js';
import { Backoff } from '../../../base/backoff.js';
import type { Log } from '../../../base/log.js';
import type { CallOptions } from '../../call-options.js';
import { WorldError } from '../../errors.js';
import type { CallRunner } from '../calls/call-runner.js';
import type { EndpointConnection, EndpointSet } from '../calls/endpoint-set.js';
import { openKeepAlive } from '../calls/etcd-rpc.js';
import type { FleetGuard } from '../fleet/fleet-guard.js';
import type { ILeaseKeepAliveResponse } from '../internals/etcd3.js';

const REVOKE_TIMEOUT_MS = 1000;

/** How much later than the one before an answer may come until the connection counts as silent. */
const LATE_MS = 1000;

export interface SessionContext {
  readonly calls: CallRunner;
  readonly endpoints: EndpointSet;
  /** Tells the fleet's answers from those of others. */
  readonly fleet: FleetGuard | undefined;
  readonly log: Log | undefined;
  /** Leases of sessions that ended while etcd was unreachable. */
  readonly unrevoked: Set<string>;
}

/**
 * A lease that is kept alive: the keys bound to it vanish soon after its holder does.
 *
 * Stop acting on the session when {@link expired} aborts: by this machine's clock, a tenth of the TTL before etcd can
 * expire the lease, so that two holders never overlap.
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
        // A second lease is not visible: the one that is not kept alive expires.
        kind: 'repeatable',
        what: 'grant a lease',
        run: (rpc) => {
          sentAt = performance.now();
          return rpc.lease.leaseGrant({ TTL: ttlSeconds });
        },
      },
      options,
    );
    // Leftover keys of this client would be ahead of it in the queue of an election.
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

  /** Aborts when the lease may be lost; the reason is a WorldError (`unavailable`, or `closed` after closing). */
  get expired(): AbortSignal {
    return this.#expired.signal;
  }

  /** Revokes the lease, so that its keys vanish now; idempotent, and bounded when etcd is unreachable. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Ends the session without revoking the lease: its keys vanish when the TTL is over. */
  abandon(): Promise<void> {
    this.#closing ??= this.#abandon();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #abandon(): Promise<void> {
    this.#end(new WorldError('closed', 'The session was abandoned.'));
    await this.#keptAlive;
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
      const message = `The session was lost: lease ${this.lease} was not renewed for ${this.ttlSeconds} s.`;
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

  /** Renews once per round over one stream, until it fails or the session ends; yields after each renewal. */
  async *#rounds(connection: EndpointConnection, roundMs: number): AsyncGenerator<void> {
    const stream = openKeepAlive(connection.host, await connection.login.token(connection.host));
    // The iterator reports errors; this listener keeps a later one from crashing the process.
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
        // Another cluster does not know the lease, but that does not mean that it has expired.
        if (this.#context.fleet?.accepts(reply.value) === false) throw this.#otherCluster(connection);
        if (Number(reply.value.TTL) <= 0) return this.#gone();
        this.#renewedAt(sentAt);
        const atMs = performance.now();
        connection.proof = { atMs, untilMs: atMs + roundMs + LATE_MS };
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

  /** If there are other endpoints, leave time to ask them. */
  #answerMs(roundMs: number): number {
    return this.#context.endpoints.connections.length > 1 ? roundMs / 2 : roundMs;
  }

  #gone(): void {
    this.#end(new WorldError('unavailable', `The session was lost: etcd no longer has lease ${this.lease}.`));
  }
}

/** The sessions that a client has opened and not yet fully closed. */
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
    // Kept until it is fully closed, so that closing the client waits for a revocation in progress.
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

/** Revokes a lease. If that fails now, it is retried when the next session opens. */
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
    // Otherwise it expires by itself, at the latest one TTL after etcd has a leader.
    log?.('debug', String(error));
    if (error instanceof WorldError && (error.code === 'unavailable' || error.code === 'outcome-unknown'))
      unrevoked.add(lease);
  }
}
