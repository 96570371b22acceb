import type { ServiceError } from '@grpc/grpc-js';
import type { IWatchCreateRequest, IWatchResponse } from 'etcd3';
import type { Host } from 'etcd3/lib/connection-pool.js';
import { openWatch, type WatchStream as RpcStream } from './rpc.js';
import { type Patience, Silence } from './silence.js';
import type { Watcher } from './watcher.js';

/** Why a stream carries no more: we left it, the server ended it, it fell silent, or it failed. */
export type StreamEnd = 'left' | 'over' | 'silent' | ServiceError;

/**
 * A watch that never sees an event: creating it is how we ask for a sign of life. A progress request would be the
 * natural way, but etcd 3.5 leaves it unanswered while any watch on the stream is behind, or ahead of the store.
 */
const PROBE: IWatchCreateRequest = { key: Buffer.from([0]), start_revision: '4611686018427387904' };

/** One stream to one endpoint that carries any number of watches; all are created without waiting for each other. */
export class WatchStream {
  readonly ended: Promise<StreamEnd>;
  readonly #stream: RpcStream;
  readonly #again: (watcher: Watcher<unknown>) => void;
  readonly #silence: Silence;
  readonly #watchers = new Map<string, Watcher<unknown>>();
  readonly #ids = new Map<Watcher<unknown>, string>();
  /** Created watches are announced in the order of their requests; one that is refused is announced without its id. */
  readonly #awaited: string[] = [];
  #lastId = 0;
  #heard = false;
  #closed = false;
  #settle: (end: StreamEnd) => void = () => undefined;

  /** @param again called for a watch that must be created once more, because etcd gave it up. */
  constructor(host: Host, patience: Patience, again: (watcher: Watcher<unknown>) => void) {
    this.#again = again;
    this.#silence = new Silence(
      patience,
      () => this.#probe(),
      () => this.close('silent'),
    );
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#stream = openWatch(host);
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
    const id = this.#create(watcher.createRequest());
    this.#ids.set(watcher, id);
    this.#watchers.set(id, watcher);
  }

  cancel(watcher: Watcher<unknown>): void {
    const id = this.#ids.get(watcher);
    if (id === undefined) return;
    this.#ids.delete(watcher);
    this.#watchers.delete(id);
    this.#stream.write({ cancel_request: { watch_id: id } });
  }

  close(end: StreamEnd = 'left'): void {
    this.#closed = true;
    this.#silence.stop();
    this.#watchers.clear();
    this.#ids.clear();
    this.#settle(end);
    this.#stream.cancel();
  }

  /** An id is used once: what etcd still holds for an old one would be delivered to a new watch of the same id. */
  #create(request: IWatchCreateRequest): string {
    this.#lastId += 1;
    const id = String(this.#lastId);
    this.#stream.write({ create_request: { ...request, watch_id: id } });
    this.#awaited.push(id);
    this.#silence.expect();
    return id;
  }

  #probe(): void {
    const id = this.#create(PROBE);
    this.#stream.write({ cancel_request: { watch_id: id } });
  }

  #dispatch(message: IWatchResponse): void {
    // What was on its way when we left comes all the same.
    if (this.#closed) return;
    const id = message.created ? this.#awaited.shift() : message.watch_id;
    this.#heard = true;
    this.#silence.heard(this.#awaited.length > 0);
    const watcher = this.#watchers.get(id ?? '');
    if (watcher === undefined) return;
    const reception = watcher.receive(message);
    if (reception === 'more') return;
    this.cancel(watcher);
    if (reception === 'again') this.#again(watcher);
  }
}
