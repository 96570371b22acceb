import { onAbort, pause } from '../../../base/abort.js';
import { Backoff } from '../../../base/backoff.js';
import type { Log } from '../../../base/log.js';
import { CLIENT_DIAL_KEEP_ALIVE_TIME_MS, CLIENT_DIAL_KEEP_ALIVE_TIMEOUT_MS } from '../../constants.js';
import { WorldError } from '../../errors.js';
import type { EndpointConnection, EndpointSet } from '../calls/endpoint-set.js';
import { classifyFailure, isServiceError } from '../error/classify-failure.js';
import { explainGrpcError } from '../error/explain-grpc-error.js';
import { OTHER_FLEET_AVOID_MS } from '../fleet/avoid-endpoints-of-other-fleets.js';
import { type FleetGuard, OtherFleetError } from '../fleet/fleet-guard.js';
import type { ServiceError } from '../internals/grpc-js.js';
import type { BufferedWatch } from './buffered-watch.js';
import type { HeartbeatTimeouts } from './stream-heartbeat.js';
import { type StreamEnd, WatchStream } from './watch-stream.js';

const END_REASONS = {
  over: 'the server ended it',
  silent: 'it stopped responding',
  'other-cluster': 'it answered for another cluster',
  'assigns-ids': 'the server assigns watch ids itself',
  stale: 'the token is no longer accepted',
} as const;

/** With the seed's keepalive times of an etcd client, a watch leaves a server that stops responding after 8 s. */
const HEARTBEAT_TIMEOUTS: HeartbeatTimeouts = {
  answerMs: CLIENT_DIAL_KEEP_ALIVE_TIMEOUT_MS,
  firstAnswerMs: 2000,
  idleMs: CLIENT_DIAL_KEEP_ALIVE_TIME_MS,
};

export interface WatchesContext {
  readonly endpoints: EndpointSet;
  /** Aborted when the client closes. */
  readonly closed: AbortSignal;
  /** Restricts the watches to one fleet; without it, any answer is accepted. */
  readonly fleet?: FleetGuard | undefined;
  readonly log: Log | undefined;
  readonly heartbeat?: HeartbeatTimeouts | undefined;
}

/**
 * All watches of a client, over one stream at a time. If the stream is lost, another one resumes all of them where they
 * were. All requests are sent at once: one round trip for each 64 KiB of them, which etcd reads before it confirms, so
 * for about 1,500 keys or 900 prefixes. Without watches there is no stream.
 */
export class WatchMultiplexer {
  readonly #context: WatchesContext;
  readonly #live = new Set<BufferedWatch<unknown>>();
  /** Endpoints that assign watch ids themselves. */
  readonly #assigningIds = new WeakSet<EndpointConnection>();
  #stream: WatchStream | undefined;
  #running = false;

  constructor(context: WatchesContext) {
    this.#context = context;
  }

  add(watch: BufferedWatch<unknown>): void {
    this.#live.add(watch);
    this.#stream?.create(watch);
    if (this.#running) return;
    this.#running = true;
    void this.#run().catch((error: unknown) => this.#fail(error));
  }

  /** Resumes a watch whose reader was behind. */
  resume(watch: BufferedWatch<unknown>): void {
    if (this.#live.has(watch)) this.#stream?.create(watch);
  }

  remove(watch: BufferedWatch<unknown>): void {
    if (!this.#live.delete(watch)) return;
    this.#stream?.cancel(watch);
    if (this.#live.size > 0) return;
    this.#stream?.close();
    this.#stream = undefined;
  }

  async #run(): Promise<void> {
    const { endpoints, closed } = this.#context;
    const backoff = new Backoff();
    let unanswered = 0;
    let isFresh = false;
    try {
      while (this.#live.size > 0 && !closed.aborted) {
        const connection = endpoints.pick();
        const stream = await this.#openAsUser(connection, unanswered, isFresh);
        if (stream === undefined) {
          await pause(backoff.next(), closed);
          continue;
        }
        const unlisten = onAbort([closed, connection.removed], () => stream.close());
        const end = await stream.ended;
        unlisten();
        // Closed because there were no watches left: a new one need not wait.
        if (this.#stream !== stream) continue;
        this.#stream = undefined;
        const wasFresh = isFresh;
        isFresh = end === 'stale';
        // A server that has just started may not know a token issued by another.
        if (wasFresh && isFresh) await pause(backoff.next(), closed);
        if (this.#learn(connection, stream, end)) continue;
        if (stream.heard) backoff.reset();
        unanswered = stream.heard ? 0 : unanswered + 1;
        this.#blame(connection, end);
        await pause(backoff.next(), closed);
      }
    } finally {
      this.#running = false;
    }
  }

  /**
   * An endpoint whose host is gone may never answer, so another is tried soon; on a slow link later attempts get more
   * time. @param unanswered how many streams in a row were never answered.
   */
  #open(
    connection: EndpointConnection,
    unanswered: number,
    login: { token?: string | undefined; isFresh: boolean },
  ): WatchStream {
    const { heartbeat = HEARTBEAT_TIMEOUTS } = this.#context;
    const { answerMs, firstAnswerMs = answerMs } = heartbeat;
    const timeouts = { ...heartbeat, firstAnswerMs: Math.min(firstAnswerMs * 2 ** unanswered, answerMs) };
    const { fleet, endpoints } = this.#context;
    const stream = new WatchStream(connection.host, {
      heartbeat: timeouts,
      proof: () => connection.proof,
      again: (watch) => void this.#again(watch),
      oneByOne: this.#assigningIds.has(connection),
      ...login,
      admission: {
        admitted: fleet?.admit(connection, endpoints),
        accepts: (message) => fleet?.accepts(message) ?? true,
      },
    });
    this.#stream = stream;
    for (const watch of this.#live) if (watch.wanted) stream.create(watch);
    return stream;
  }

  /** Undefined if this endpoint cannot authenticate the user now, or there are no watches left. */
  async #openAsUser(
    connection: EndpointConnection,
    unanswered: number,
    isFresh: boolean,
  ): Promise<WatchStream | undefined> {
    if (!connection.login.needsToken) return this.#open(connection, unanswered, { isFresh });
    try {
      const token = await connection.login.token(connection.host);
      if (this.#live.size > 0 && !this.#context.closed.aborted)
        return this.#open(connection, unanswered, { token, isFresh });
    } catch (error) {
      if (!isServiceError(error)) this.#fail(error);
      else if (!this.#refused(connection, error))
        this.#context.endpoints.avoid(connection, { reconnect: true });
    }
    return undefined;
  }

  /** Whether the end of a stream taught something that lets the next one start at once. */
  #learn(connection: EndpointConnection, stream: WatchStream, end: StreamEnd): boolean {
    if (end === 'stale') connection.login.forget(stream.token);
    if (end === 'assigns-ids') this.#assigningIds.add(connection);
    return end === 'stale' || end === 'assigns-ids';
  }

  async #again(watch: BufferedWatch<unknown>): Promise<void> {
    await pause(watch.backoff.next(), this.#context.closed);
    if (watch.wanted) this.resume(watch);
  }

  #blame(connection: EndpointConnection, end: StreamEnd): void {
    if (end === 'left') return;
    if (end instanceof OtherFleetError) {
      this.#context.endpoints.avoid(connection, { ms: OTHER_FLEET_AVOID_MS });
      return;
    }
    if (end instanceof WorldError) {
      this.#fail(end);
      return;
    }
    if (typeof end === 'object' && this.#refused(connection, end)) return;
    this.#context.fleet?.forget(connection);
    if (connection.removed.aborted) return;
    this.#context.endpoints.avoid(connection, { reconnect: true });
    const reason = typeof end === 'object' ? explainGrpcError(end.details) : END_REASONS[end];
    this.#context.log?.(
      'debug',
      `Lost the stream of ${this.#live.size} watches at ${connection.url} (${reason}); opening another.`,
    );
  }

  /** Whether etcd would refuse again; then all watches fail. */
  #refused(connection: EndpointConnection, error: ServiceError): boolean {
    const refusal = classifyFailure(error);
    if (refusal.outcome !== 'refused' || refusal.code === 'unavailable') return false;
    const { name } = connection.describe();
    const advice = refusal.code === 'permission-denied' ? ` ${connection.login.advice(error.details)}.` : '';
    this.#fail(
      new WorldError(
        refusal.code,
        `Could not watch at ${name}: ${explainGrpcError(error.details)}.${advice}`,
        {
          endpoint: connection.url,
          reason: error.details,
          cause: error,
        },
      ),
    );
    return true;
  }

  #fail(failure: unknown): void {
    for (const watch of this.#live) watch.end({ failure });
    this.#live.clear();
    this.#stream?.close();
    this.#stream = undefined;
  }
}
