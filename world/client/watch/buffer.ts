import type { WatchItem } from './cursor.js';

/** What lies between a stream that must not wait and a reader who may be slow. */
export interface WatchBuffer<T> {
  /** False when no more is to be put in until the reader has taken something out. */
  readonly hasRoom: boolean;
  put(item: WatchItem): void;
  /** The next for the reader, if there is one. */
  take(): { readonly value: T } | undefined;
}

const DEFAULT_MAX_BYTES = 4 << 20;
/** What an event takes in memory besides its key and value, roughly. */
const EVENT_BYTES = 250;

/** Keeps items in order up to a bound, which the last one may exceed. */
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

/** Remembers only that something came, so that what happens while the reader is busy is one pulse. */
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
