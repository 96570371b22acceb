import type { WatchOptions } from '../../call-options.js';
import type { Client } from '../client.js';
import type { KeyValue } from '../key-value.js';
import { retryUntilAvailable } from '../retry-until-available.js';
import { type Fold, foldWatches } from './fold-watches.js';
import type { WatchEvent, WatchItem } from './watch-item.js';

/** What a follower of one key makes of it. */
export interface KeyReader<T> {
  /** @param entry undefined while the key does not exist. */
  read(entry: KeyValue | undefined): T;
  /** Two values with the same identity are not told apart. */
  identify(value: T): string | undefined;
}

/** Yields the value of one key as it is, and then each one that differs from the one before. */
export function followKey<T>(
  client: Client,
  key: string,
  options: WatchOptions | undefined,
  reader: KeyReader<T>,
): AsyncIterableIterator<T, undefined> {
  return foldWatches(client, [{ key }], options, new KeyFold(client, key, reader));
}

class KeyFold<T> implements Fold<T> {
  readonly #client: Client;
  readonly #key: string;
  readonly #reader: KeyReader<T>;
  #value: T;
  #isShown = false;
  #shown: string | undefined;
  #readAt = 0n;

  constructor(client: Client, key: string, reader: KeyReader<T>) {
    this.#client = client;
    this.#key = key;
    this.#reader = reader;
    this.#value = reader.read(undefined);
  }

  async apply(item: WatchItem, _index: number, signal: AbortSignal): Promise<boolean> {
    if (item.kind !== 'events') this.#value = this.#reader.read(await this.#get(signal));
    // What was read when the watch was set up may be newer than the first events.
    else if (item.revision > this.#readAt) this.#value = this.#reader.read(entryOf(item.events.at(-1)));
    return !this.#isShown || this.#reader.identify(this.#value) !== this.#shown;
  }

  value(): T {
    this.#isShown = true;
    this.#shown = this.#reader.identify(this.#value);
    return this.#value;
  }

  async #get(signal: AbortSignal): Promise<KeyValue | undefined> {
    const get = { success: [{ get: this.#key }] };
    const { revision, replies } = await retryUntilAvailable(signal, () =>
      this.#client.txn(get, { signal, repeatable: true }),
    );
    this.#readAt = revision;
    return replies[0]?.entries[0];
  }
}

function entryOf(event: WatchEvent | undefined): KeyValue | undefined {
  return event?.type === 'put' ? event.entry : undefined;
}

/** How the events of a prefix change a map. */
export interface MapReader<K, V> {
  /** Applies one event. @returns whether the map changed. */
  readonly change: (values: Map<K, V>, event: WatchEvent) => boolean;
  /** Of the keys of each map that is yielded. Default: as they were stored. */
  readonly order?: (a: K, b: K) => number;
}

/**
 * Yields a map of all keys below a prefix, once it is known and then after each change or burst of changes. It is read
 * once and kept up to date from the changes; after a gap (compaction) it is read again. Each map is the caller's to keep.
 */
export function followMap<K, V>(
  client: Client,
  prefix: string,
  options: WatchOptions | undefined,
  { change, order }: MapReader<K, V>,
): AsyncIterableIterator<ReadonlyMap<K, V>, undefined> {
  let values = new Map<K, V>();
  let readAt = 0n;
  return foldWatches(client, [{ key: prefix, prefix: true }], options, {
    apply: async (item, _, signal) => {
      if (item.kind === 'events') {
        const later = item.events.filter(({ entry }) => entry.modRevision > readAt);
        return later.filter((event) => change(values, event)).length > 0;
      }
      const { entries, revision } = await retryUntilAvailable(signal, () => client.list(prefix, { signal }));
      values = new Map();
      for (const entry of entries) change(values, { type: 'put', entry });
      readAt = revision;
      return true;
    },
    value: () => new Map(order === undefined ? values : [...values].sort(([a], [b]) => order(a, b))),
  });
}
