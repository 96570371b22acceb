import type { IWatchCreateRequest, IWatchResponse } from 'etcd3';
import { Backoff } from '../../../base/backoff.js';
import { Notify } from '../../../base/notify.js';
import type { WatchBuffer } from './buffer.js';
import type { WatchCursor } from './cursor.js';

/**
 * What the stream is to do after a message: go on, cancel the watch for now because the reader is behind, cancel it
 * and create it again, or cancel it for good.
 */
export type StreamAction = 'more' | 'full' | 'again' | 'over';

/** One watch: where it has got to, what its reader has not taken yet, and how it ended. */
export class Watcher<T> {
  readonly backoff = new Backoff();
  readonly #range: Pick<IWatchCreateRequest, 'key' | 'range_end'>;
  readonly #cursor: WatchCursor;
  readonly #buffer: WatchBuffer<T>;
  #held = false;
  #end: { readonly failure?: unknown } | undefined;
  readonly #news = new Notify();

  constructor(
    range: Pick<IWatchCreateRequest, 'key' | 'range_end'>,
    cursor: WatchCursor,
    buffer: WatchBuffer<T>,
  ) {
    this.#range = range;
    this.#cursor = cursor;
    this.#buffer = buffer;
  }

  /** Whether a stream is to carry it now. */
  get wanted(): boolean {
    return !this.#held && this.#end === undefined;
  }

  createRequest(): IWatchCreateRequest {
    const { next } = this.#cursor;
    return { ...this.#range, start_revision: String(next ?? 0), progress_notify: true, fragment: true };
  }

  receive(message: IWatchResponse): StreamAction {
    try {
      const item = this.#cursor.receive(message);
      if (item === 'reopen') return 'again';
      if (item === undefined) return 'more';
      this.backoff.reset();
      this.#buffer.put(item);
    } catch (error) {
      this.end({ failure: error });
      return 'over';
    }
    this.#news.notify();
    this.#held = !this.#buffer.hasRoom;
    return this.#held ? 'full' : 'more';
  }

  /** Ends the watch: at once, or with a failure after what is in the inbox. */
  end(end: { readonly failure?: unknown } = {}): void {
    this.#end ??= end;
    this.#news.notify();
  }

  /** The next for the reader; undefined at the end. One call at a time. @throws what the watch failed with */
  async next(): Promise<{ readonly value: T } | undefined> {
    for (;;) {
      if (this.#end !== undefined && !('failure' in this.#end)) return undefined;
      const taken = this.#buffer.take();
      if (taken !== undefined) return taken;
      if (this.#end !== undefined) throw this.#end.failure;
      await this.#news.wait();
    }
  }

  /** Whether the reader has just caught up far enough for the watch to be created again. */
  release(): boolean {
    if (!this.#held || !this.#buffer.hasRoom) return false;
    this.#held = false;
    return true;
  }
}
