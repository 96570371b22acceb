import { Backoff } from '../../../base/backoff.js';
import { Notify } from '../../../base/notify.js';
import type { IWatchCreateRequest, IWatchResponse } from '../internals/etcd3.js';
import type { WatchBuffer } from './watch-buffer.js';
import type { WatchPosition } from './watch-position.js';

/**
 * What the stream does after a message: continue, suspend the watch because the reader is behind, recreate it, or cancel
 * it for good.
 */
export type StreamAction = 'continue' | 'suspend' | 'recreate' | 'cancel';

/** One watch: its position, what its reader has not taken yet, and how it ended. */
export class BufferedWatch<T> {
  readonly backoff = new Backoff();
  readonly #range: Pick<IWatchCreateRequest, 'key' | 'range_end'>;
  readonly #cursor: WatchPosition;
  readonly #buffer: WatchBuffer<T>;
  #suspended = false;
  #end: { readonly failure?: unknown } | undefined;
  readonly #news = new Notify();

  constructor(
    range: Pick<IWatchCreateRequest, 'key' | 'range_end'>,
    cursor: WatchPosition,
    buffer: WatchBuffer<T>,
  ) {
    this.#range = range;
    this.#cursor = cursor;
    this.#buffer = buffer;
  }

  /** Whether a stream should carry it now. */
  get wanted(): boolean {
    return !this.#suspended && this.#end === undefined;
  }

  createRequest(): IWatchCreateRequest {
    const { next } = this.#cursor;
    return { ...this.#range, start_revision: String(next ?? 0), progress_notify: true, fragment: true };
  }

  receive(message: IWatchResponse): StreamAction {
    try {
      const item = this.#cursor.receive(message);
      if (item === 'reopen') return 'recreate';
      if (item === undefined) return 'continue';
      this.backoff.reset();
      this.#buffer.put(item);
    } catch (error) {
      this.end({ failure: error });
      return 'cancel';
    }
    this.#news.notify();
    this.#suspended = !this.#buffer.hasRoom;
    return this.#suspended ? 'suspend' : 'continue';
  }

  /** Ends the watch: at once, or with a failure after the buffered items. */
  end(end: { readonly failure?: unknown } = {}): void {
    this.#end ??= end;
    this.#news.notify();
  }

  /** The next item; undefined at the end. One call at a time. @throws the failure of the watch */
  async next(): Promise<{ readonly value: T } | undefined> {
    for (;;) {
      if (this.#end !== undefined && !('failure' in this.#end)) return undefined;
      const taken = this.#buffer.take();
      if (taken !== undefined) return taken;
      if (this.#end !== undefined) throw this.#end.failure;
      await this.#news.wait();
    }
  }

  /** Ends the suspension of a watch whose reader has caught up enough. @returns whether it did; the stream must then create it. */
  resumeIfCaughtUp(): boolean {
    if (!this.#suspended || !this.#buffer.hasRoom) return false;
    this.#suspended = false;
    return true;
  }
}
