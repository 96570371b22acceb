import type { ServiceError } from '@grpc/grpc-js';
import { onAbort, pause } from '../../../base/abort.js';
import { Backoff } from '../../../base/backoff.js';
import type { Log } from '../../../base/log.js';
import { CLIENT_DIAL_KEEP_ALIVE_TIME_MS, CLIENT_DIAL_KEEP_ALIVE_TIMEOUT_MS } from '../../constants.js';
import { WorldError } from '../../errors.js';
import type { EndpointConnection, EndpointSet } from '../calls/endpoint-set.js';
import { classifyFailure, isServiceError } from '../error/classify.js';
import { explainGrpcError } from '../error/explain-grpc-error.js';
import { type FleetGuard, OtherFleetError } from '../fleet/fleet-guard.js';
import { OTHER_FLEET_AVOID_MS } from '../fleet/other-fleets.js';
import type { HeartbeatTimeouts } from './heartbeat.js';
import { type StreamEnd, WatchStream } from './stream.js';
import type { Watcher } from './watcher.js';

const END_REASONS = {
  over: 'it is over',
  silent: 'it is silent',
  'other-cluster': 'it answers for another cluster',
  'assigns-ids': 'it numbers watches itself',
  stale: 'it wants a new token',
} as const;

/** The seed's keepalive of an etcd client: a watch on a server that went silent is elsewhere after 8 s. */
const HEARTBEAT_TIMEOUTS: HeartbeatTimeouts = {
  answerMs: CLIENT_DIAL_KEEP_ALIVE_TIMEOUT_MS,
  firstAnswerMs: 2000,
  idleMs: CLIENT_DIAL_KEEP_ALIVE_TIME_MS,
};

export interface WatchesContext {
  readonly endpoints: EndpointSet;
  /** Aborted when the client closes. */
  readonly closed: AbortSignal;
  /** Keeps the watches to one fleet; without it whatever answers is taken. */
  readonly fleet?: FleetGuard | undefined;
  readonly log: Log | undefined;
  readonly heartbeat?: HeartbeatTimeouts | undefined;
}

/**
 * All watches of a client, over one stream at a time. When the stream is lost, another takes all of them up where
 * they were. All requests are sent at once: one round trip for each 64 KiB of them, which etcd takes before it
 * confirms, so for about 1,500 keys or 900 prefixes. While nobody watches there is no stream.
 */
export class Watches {
  readonly #context: WatchesContext;
  readonly #live = new Set<Watcher<unknown>>();
  /** Endpoints that choose the ids of watches themselves. */
  readonly #assigningIds = new WeakSet<EndpointConnection>();
  #stream: WatchStream | undefined;
  #running = false;

  constructor(context: WatchesContext) {
    this.#context = context;
  }

  add(watcher: Watcher<unknown>): void {
    this.#live.add(watcher);
    this.#stream?.create(watcher);
    if (this.#running) return;
    this.#running = true;
    void this.#run().catch((error: unknown) => this.#fail(error));
  }

  /** Takes a watch up again whose reader was behind. */
  resume(watcher: Watcher<unknown>): void {
    if (this.#live.has(watcher)) this.#stream?.create(watcher);
  }

  remove(watcher: Watcher<unknown>): void {
    if (!this.#live.delete(watcher)) return;
    this.#stream?.cancel(watcher);
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
        // Left because nobody watched any more: whoever does now need not wait.
        if (this.#stream !== stream) continue;
        this.#stream = undefined;
        const wasFresh = isFresh;
        isFresh = end === 'stale';
        // A server that has just begun may not know of a token that another has given.
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
   * An endpoint whose host is gone may say nothing at all, so another is tried soon; on a slow link later ones get
   * more time. @param unheard how many streams in a row were never answered.
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
      again: (watcher) => void this.#again(watcher),
      oneByOne: this.#assigningIds.has(connection),
      ...login,
      admission: {
        admitted: fleet?.admit(connection, endpoints),
        accepts: (message) => fleet?.accepts(message) ?? true,
      },
    });
    this.#stream = stream;
    for (const watcher of this.#live) if (watcher.wanted) stream.create(watcher);
    return stream;
  }

  /** Undefined when that endpoint cannot tell now who we are, or nobody watches any more. */
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

  /** Whether a stream ended with something that another stream there takes into account, at once. */
  #learn(connection: EndpointConnection, stream: WatchStream, end: StreamEnd): boolean {
    if (end === 'stale') connection.login.forget(stream.token);
    if (end === 'assigns-ids') this.#assigningIds.add(connection);
    return end === 'stale' || end === 'assigns-ids';
  }

  async #again(watcher: Watcher<unknown>): Promise<void> {
    await pause(watcher.backoff.next(), this.#context.closed);
    if (watcher.wanted) this.resume(watcher);
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

  /** Whether etcd would refuse again; then the watches fail. */
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
    for (const watcher of this.#live) watcher.end({ failure });
    this.#live.clear();
    this.#stream?.close();
    this.#stream = undefined;
  }
}
