import type { ServiceError } from '@grpc/grpc-js';
import type { IWatchCreateRequest, IWatchResponse } from 'etcd3';
import type { WorldError } from '../../errors.js';
import { openWatch, type WatchStream as RpcStream } from '../calls/rpc.js';
import { classifyReason } from '../error/classify.js';
import type { OtherFleetError } from '../fleet/fleet-guard.js';
import type { Host } from '../internals/etcd3.js';
import { isStaleReason } from '../login.js';
import { type HeartbeatTimeouts, StreamHeartbeat } from './heartbeat.js';
import type { Watcher } from './watcher.js';

/**
 * Why a stream carries no more: we left it, the server ended it, it fell silent, an answer of another cluster came, it
 * chooses the ids of watches itself and left open which of several it meant, it refused a watch with a token that may be
 * old, it failed, or its server is of another fleet.
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

/** Whether a stream leads to the right fleet. */
export interface Admission {
  /** Until then nothing that comes is passed on; undefined where that is known. */
  readonly admitted: Promise<void> | undefined;
  /** Whether a message is from the fleet's cluster. */
  readonly accepts: (message: IWatchResponse) => boolean;
}

/**
 * A watch that never sees an event: creating it is how we ask for a sign of life. A progress request would be the
 * natural way, but etcd 3.5 leaves it unanswered while any watch on the stream is behind, or ahead of the store.
 */
const PROBE: IWatchCreateRequest = { key: Buffer.from([0]), start_revision: '4611686018427387904' };

/** For so long after a token was got, a refusal is not its doing. */
const FRESH_MS = 1000;

/** Far from the ids that a server chooses itself, which count from 0, so that its choice is never taken for ours. */
const FIRST_ID = 1_000_000_000;

interface Request {
  /** Ours; the server's own, where it chooses, replaces it. */
  readonly id: string;
  readonly create: IWatchCreateRequest;
  readonly isProbe: boolean;
}

export interface StreamOptions {
  readonly heartbeat: HeartbeatTimeouts;
  /** Called for a watch that must be created once more, because etcd gave it up. */
  readonly again: (watcher: Watcher<unknown>) => void;
  /**
   * Whether the server is known to choose the ids of watches, as `etcd grpc-proxy` does. It need not answer in order
   * either, so there each watch waits for the one before it, as in etcd's own client.
   */
  readonly oneByOne: boolean;
  /** Of our user, where etcd wants one. */
  readonly token?: string | undefined;
  /** Whether the token was got for this stream. */
  readonly isFresh?: boolean | undefined;
  /** Default: whatever answers is taken. */
  readonly admission?: Admission | undefined;
}

const ADMIT_ALL: Admission = { admitted: undefined, accepts: () => true };

/**
 * One stream to one endpoint that carries any number of watches. All are created without waiting for each other, by
 * ids of ours, where the server takes them.
 */
export class WatchStream {
  readonly ended: Promise<StreamEnd>;
  readonly token: string | undefined;
  readonly #stream: RpcStream;
  readonly #again: (watcher: Watcher<unknown>) => void;
  readonly #heartbeat: StreamHeartbeat;
  readonly #admission: Admission;
  /** What came before the stream was known to lead to the right fleet. */
  #pending: IWatchResponse[] | undefined;
  readonly #watchers = new Map<string, Watcher<unknown>>();
  readonly #ids = new Map<Watcher<unknown>, string>();
  /** The ids asked for and not announced yet, in the order of the requests. */
  readonly #awaited = new Set<string>();
  /** Waiting for the one before them, where watches are created one by one. */
  readonly #queue: Request[] = [];
  readonly #freshUntil: number;
  #oneByOne: boolean;
  #lastId = FIRST_ID;
  #heard = false;
  #closed = false;
  #settle: (end: StreamEnd) => void = () => undefined;

  constructor(
    host: Host,
    { heartbeat, again, oneByOne, token, isFresh = false, admission = ADMIT_ALL }: StreamOptions,
  ) {
    this.#again = again;
    this.#oneByOne = oneByOne;
    this.token = token;
    this.#freshUntil = performance.now() + (isFresh ? FRESH_MS : 0);
    this.#admission = admission;
    if (admission.admitted !== undefined) this.#hold(admission.admitted);
    this.#heartbeat = new StreamHeartbeat(
      heartbeat,
      () => this.#probe(),
      () => this.close('silent'),
    );
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#stream = openWatch(host, token);
    this.#stream.on('data', (message: IWatchResponse) => this.#dispatch(message));
    this.#stream.on('error', (error: ServiceError) => this.close(error));
    this.#stream.on('end', () => this.close('over'));
  }

  /** Whether the server has said anything. */
  get heard(): boolean {
    return this.#heard;
  }

  create(watcher: Watcher<unknown>): void {
    if (this.#closed || this.#ids.has(watcher)) return;
    this.#name(watcher, this.#request(watcher.createRequest(), false));
    this.#send();
  }

  cancel(watcher: Watcher<unknown>): void {
    const id = this.#ids.get(watcher);
    if (id === undefined) return;
    this.#ids.delete(watcher);
    this.#watchers.delete(id);
    // One that is not announced yet by a server which chooses the id is cancelled when it is.
    if (!this.#oneByOne || !this.#awaited.has(id)) this.#cancelId(id);
  }

  close(end: StreamEnd = 'left'): void {
    this.#closed = true;
    this.#heartbeat.stop();
    this.#watchers.clear();
    this.#ids.clear();
    this.#settle(end);
    this.#stream.cancel();
  }

  #name(watcher: Watcher<unknown>, id: string): void {
    this.#ids.set(watcher, id);
    this.#watchers.set(id, watcher);
  }

  /** An id is used once: what etcd still holds for an old one would be delivered to a new watch of the same id. */
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
      if (!isProbe && !this.#watchers.has(id)) continue;
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
    // What was on its way when we left comes all the same.
    if (this.#closed) return;
    if (this.#pending !== undefined) {
      this.#pending.push(message);
      return;
    }
    if (!this.#admission.accepts(message)) this.close('other-cluster');
    else if (this.#isStale(message)) this.close('stale');
    if (this.#closed) return;
    const watcher = message.created ? this.#announced(message) : this.#watchers.get(message.watch_id);
    if (this.#closed) return;
    this.#heard = true;
    this.#heartbeat.heard(this.#awaited.size > 0);
    if (watcher === undefined) return;
    const action = watcher.receive(message);
    if (action === 'more') return;
    this.cancel(watcher);
    if (action === 'again') this.#again(watcher);
  }

  /** A stream keeps the token that it was opened with, and etcd does not always say that this is what it refuses. */
  #isStale({ canceled, cancel_reason: reason }: IWatchResponse): boolean {
    if (!canceled || this.token === undefined) return false;
    if (isStaleReason(reason)) return true;
    return performance.now() >= this.#freshUntil && classifyReason(reason).code === 'permission-denied';
  }

  /** The watch that the server announces; one that it refuses is announced without its id. */
  #announced({ watch_id: id, canceled }: IWatchResponse): Watcher<unknown> | undefined {
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
    const watcher = this.#watchers.get(asked);
    if (!isOurs && !canceled) {
      this.#watchers.delete(asked);
      if (watcher === undefined) this.#cancelId(id);
      else this.#name(watcher, id);
    }
    this.#send();
    return watcher;
  }
}
