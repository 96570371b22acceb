import type { WorldError } from '../../errors.js';
import type { ConnectionProof } from '../calls/endpoint-set.js';
import { openWatch, type WatchStream as RpcStream } from '../calls/etcd-rpc.js';
import { classifyReason } from '../error/classify-failure.js';
import type { OtherFleetError } from '../fleet/fleet-guard.js';
import type { Host, IWatchCreateRequest, IWatchResponse } from '../internals/etcd3.js';
import type { ServiceError } from '../internals/grpc-js.js';
import { isStaleReason } from '../login.js';
import type { BufferedWatch } from './buffered-watch.js';
import { type HeartbeatTimeouts, StreamHeartbeat } from './stream-heartbeat.js';

/**
 * Why a stream ended: the client left it; the server ended it; it stopped responding; an answer came from another
 * cluster; the server assigns watch ids itself and it was ambiguous which watch it meant; it refused a watch, possibly for
 * an old token; it failed; or its server belongs to another fleet.
 */
export type StreamEnd =
  | 'left'
  | 'over'
  | 'silent'
  | 'other-cluster'
  | 'assigns-ids'
  | 'stale'
  | ServiceError
  | OtherFleetError
  | WorldError;

/** How a stream makes sure that it leads to the right fleet. */
export interface Admission {
  /** Messages are held back until it resolves; undefined if the fleet is already known. */
  readonly admitted: Promise<void> | undefined;
  /** Whether a message comes from the fleet's cluster. */
  readonly accepts: (message: IWatchResponse) => boolean;
}

/**
 * A watch that never sees an event: creating it probes the stream. A progress request would be the natural way, but
 * etcd 3.5 does not answer it while any watch on the stream is behind, or ahead of the store.
 */
const PROBE: IWatchCreateRequest = { key: Buffer.from([0]), start_revision: '4611686018427387904' };

/** How long after a token was issued a refusal is not attributed to it. */
const FRESH_MS = 1000;

/** Far from the ids that a server assigns itself, which count from 0, so that the two are never confused. */
const FIRST_ID = 1_000_000_000;

interface Request {
  /** Chosen by this client; replaced by the server's own if it assigns ids. */
  readonly id: string;
  readonly create: IWatchCreateRequest;
  readonly isProbe: boolean;
}

export interface StreamOptions {
  readonly heartbeat: HeartbeatTimeouts;
  /** What others know of the connection. Default: nothing. */
  readonly proof?: (() => ConnectionProof) | undefined;
  /** Called for a watch that must be created again, because etcd cancelled it. */
  readonly again: (watch: BufferedWatch<unknown>) => void;
  /**
   * Whether the server is known to assign watch ids itself, as `etcd grpc-proxy` does. It may also answer out of order,
   * so each watch then waits for the previous one, as in etcd's own client.
   */
  readonly oneByOne: boolean;
  /** The user's token, if etcd requires one. */
  readonly token?: string | undefined;
  /** Whether the token was issued for this stream. */
  readonly isFresh?: boolean | undefined;
  /** Default: accepts any answer. */
  readonly admission?: Admission | undefined;
}

const NO_PROOF: ConnectionProof = { atMs: 0, untilMs: 0 };

const ADMIT_ALL: Admission = { admitted: undefined, accepts: () => true };

/**
 * One stream to one endpoint that carries any number of watches. They are created without waiting for each other, with
 * ids chosen by this client, if the server accepts them.
 */
export class WatchStream {
  readonly ended: Promise<StreamEnd>;
  readonly token: string | undefined;
  readonly #stream: RpcStream;
  readonly #again: (watch: BufferedWatch<unknown>) => void;
  readonly #heartbeat: StreamHeartbeat;
  readonly #admission: Admission;
  /** Messages that arrived before the fleet was known to be the right one. */
  #pending: IWatchResponse[] | undefined;
  readonly #watches = new Map<string, BufferedWatch<unknown>>();
  readonly #ids = new Map<BufferedWatch<unknown>, string>();
  /** The ids requested and not yet confirmed, in the order of the requests. */
  readonly #awaited = new Set<string>();
  /** Requests that wait for the previous one, if watches are created one by one. */
  readonly #queue: Request[] = [];
  readonly #freshUntil: number;
  #oneByOne: boolean;
  #lastId = FIRST_ID;
  #heard = false;
  #closed = false;
  #settle: (end: StreamEnd) => void = () => undefined;

  constructor(
    host: Host,
    {
      heartbeat,
      proof = () => NO_PROOF,
      again,
      oneByOne,
      token,
      isFresh = false,
      admission = ADMIT_ALL,
    }: StreamOptions,
  ) {
    this.#again = again;
    this.#oneByOne = oneByOne;
    this.token = token;
    this.#freshUntil = performance.now() + (isFresh ? FRESH_MS : 0);
    this.#admission = admission;
    if (admission.admitted !== undefined) this.#hold(admission.admitted);
    this.#heartbeat = new StreamHeartbeat({
      timeouts: heartbeat,
      probe: () => this.#probe(),
      giveUp: () => this.close('silent'),
      proof,
    });
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#stream = openWatch(host, token);
    this.#stream.on('data', (message: IWatchResponse) => this.#dispatch(message));
    this.#stream.on('error', (error: ServiceError) => this.close(error));
    this.#stream.on('end', () => this.close('over'));
  }

  /** Whether the server has sent anything. */
  get heard(): boolean {
    return this.#heard;
  }

  create(watch: BufferedWatch<unknown>): void {
    if (this.#closed || this.#ids.has(watch)) return;
    this.#name(watch, this.#request(watch.createRequest(), false));
    this.#send();
  }

  cancel(watch: BufferedWatch<unknown>): void {
    const id = this.#ids.get(watch);
    if (id === undefined) return;
    this.#ids.delete(watch);
    this.#watches.delete(id);
    // If the server assigns the ids, an unconfirmed watch is cancelled when it is confirmed.
    if (!this.#oneByOne || !this.#awaited.has(id)) this.#cancelId(id);
  }

  close(end: StreamEnd = 'left'): void {
    this.#closed = true;
    this.#heartbeat.stop();
    this.#watches.clear();
    this.#ids.clear();
    this.#settle(end);
    this.#stream.cancel();
  }

  #name(watch: BufferedWatch<unknown>, id: string): void {
    this.#ids.set(watch, id);
    this.#watches.set(id, watch);
  }

  /** Ids are never reused: events still queued for an old watch would be delivered to a new one with the same id. */
  #request(create: IWatchCreateRequest, isProbe: boolean): string {
    this.#lastId += 1;
    const id = String(this.#lastId);
    this.#queue.push({ id, create, isProbe });
    return id;
  }

  #send(): void {
    while (this.#queue.length > 0 && !(this.#oneByOne && this.#awaited.size > 0)) {
      const request = this.#queue.shift();
      if (request === undefined) return;
      const { id, create, isProbe } = request;
      if (!isProbe && !this.#watches.has(id)) continue;
      this.#stream.write({ create_request: { ...create, watch_id: id } });
      this.#awaited.add(id);
      if (isProbe && !this.#oneByOne) this.#cancelId(id);
      this.#heartbeat.expect();
    }
  }

  #probe(): void {
    this.#request(PROBE, true);
    this.#send();
  }

  #cancelId(id: string): void {
    this.#stream.write({ cancel_request: { watch_id: id } });
  }

  #hold(admitted: Promise<void>): void {
    const pending: IWatchResponse[] = [];
    this.#pending = pending;
    const release = (): void => {
      this.#pending = undefined;
      for (const message of pending) this.#dispatch(message);
    };
    admitted.then(release).catch((error: ServiceError | OtherFleetError | WorldError) => this.close(error));
  }

  #dispatch(message: IWatchResponse): void {
    // Messages may still arrive after closing.
    if (this.#closed) return;
    if (this.#pending !== undefined) {
      this.#pending.push(message);
      return;
    }
    if (!this.#admission.accepts(message)) this.close('other-cluster');
    else if (this.#isStale(message)) this.close('stale');
    if (this.#closed) return;
    const watch = message.created ? this.#confirmed(message) : this.#watches.get(message.watch_id);
    if (this.#closed) return;
    this.#heard = true;
    this.#heartbeat.heard(this.#awaited.size > 0);
    if (watch === undefined) return;
    const action = watch.receive(message);
    if (action === 'continue') return;
    this.cancel(watch);
    if (action === 'recreate') this.#again(watch);
  }

  /** A stream keeps the token it was opened with, and etcd does not always say that the token is why it refuses. */
  #isStale({ canceled, cancel_reason: reason }: IWatchResponse): boolean {
    if (!canceled || this.token === undefined) return false;
    if (isStaleReason(reason)) return true;
    return performance.now() >= this.#freshUntil && classifyReason(reason).code === 'permission-denied';
  }

  /** The watch that the server confirms; a refused one is confirmed without its id. */
  #confirmed({ watch_id: id, canceled }: IWatchResponse): BufferedWatch<unknown> | undefined {
    const isOurs = this.#awaited.has(id);
    if (!isOurs && !canceled) {
      if (this.#awaited.size > 1) {
        this.close('assigns-ids');
        return undefined;
      }
      this.#oneByOne = true;
    }
    const [first = id] = this.#awaited;
    const asked = isOurs ? id : first;
    this.#awaited.delete(asked);
    const watch = this.#watches.get(asked);
    if (!isOurs && !canceled) {
      this.#watches.delete(asked);
      if (watch === undefined) this.#cancelId(id);
      else this.#name(watch, id);
    }
    this.#send();
    return watch;
  }
}
