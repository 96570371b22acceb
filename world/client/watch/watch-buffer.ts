import type { WatchItem } from './watch-item.js';

/** Holds items between a stream that must not wait and a reader that may be slow. */
export interface WatchBuffer<T> {
  /** False while nothing more may be put in until the reader takes something out. */
  readonly hasRoom: boolean;
  put(item: WatchItem): void;
  /** The next item, if there is one. */
  take(): { readonly value: T } | undefined;
}

const DEFAULT_MAX_BYTES = 4 << 20;
/** The rough memory use of an event besides its key and value. */
const EVENT_BYTES = 250;

/** Keeps items in order up to a limit, which the last one may exceed. */
export class ItemBuffer implements WatchBuffer<WatchItem> {
  readonly #maxBytes: number;
  readonly #items: WatchItem[] = [];
  #sizeBytes = 0;

  constructor(maxBytes = DEFAULT_MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get hasRoom(): boolean {
    return this.#sizeBytes < this.#maxBytes;
  }

  put(item: WatchItem): void {
    this.#items.push(item);
    this.#sizeBytes += sizeOf(item);
  }

  take(): { readonly value: WatchItem } | undefined {
    const value = this.#items.shift();
    if (value === undefined) return undefined;
    this.#sizeBytes -= sizeOf(value);
    return { value };
  }
}

/** Remembers only that something arrived, so that all changes while the reader is busy count as one. */
export class ChangeFlag implements WatchBuffer<undefined> {
  readonly hasRoom = true;
  #pending = false;

  put(): void {
    this.#pending = true;
  }

  take(): { readonly value: undefined } | undefined {
    if (!this.#pending) return undefined;
    this.#pending = false;
    return { value: undefined };
  }
}

function sizeOf(item: WatchItem): number {
  if (item.kind !== 'events') return EVENT_BYTES;
  return item.events.reduce((sum, { entry }) => sum + EVENT_BYTES + entry.key.length + entry.value.length, 0);
}
