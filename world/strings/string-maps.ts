import type { CallOptions, WatchOptions } from '../call-options.js';
import type { KeyValue } from '../client/key-value.js';
import { checkText } from '../client/stored/check-text.js';
import { logSkipped } from '../client/stored/log-skipped.js';
import { readText } from '../client/stored/read-text.js';
import { followMap } from '../client/watch/follow-keys.js';
import type { WatchEvent } from '../client/watch/watch-item.js';
import { setText } from '../client/write/write-if-changed.js';
import { STRINGS_PREFIX } from '../keys.js';
import { checkHostname, checkKey, isHostname } from '../validate-names.js';
import type { WorldContext } from '../world-context.js';

/**
 * One string per host under a shared key; a host writes only its own. Keys and values are as for {@link StrWorld}. What
 * another program left there and is not a hostname or not text is skipped, with a warning that names the key.
 */
export interface StrMapWorld {
  /** Yields once the watch is set up, then once for each change or burst of changes of any host's value. */
  strMapWatch(key: string, options?: WatchOptions): AsyncIterable<void>;
  /** Hostname to value; empty when no host has set one. */
  strMapGet(key: string, options?: CallOptions): Promise<Map<string, string>>;
  /**
   * Yields the whole map, hostname to value, once it is known and then after each change or burst of changes. It is
   * updated from the changes themselves: when a thousand hosts each update once, it is still read only once. Each map
   * is as of one moment, and the caller may keep it. After a gap (compaction) the map is read again.
   * @throws WorldError `permission-denied`; `invalid` (at the call) for a key that is not valid
   */
  strMapFollow(key: string, options?: WatchOptions): AsyncIterable<ReadonlyMap<string, string>>;
  /** Sets this host's value (the World's `hostname`). */
  strMapSet(key: string, value: string, options?: CallOptions): Promise<void>;
  /** Removes this host's value. */
  strMapDel(key: string, options?: CallOptions): Promise<void>;
}

/** One string for each host under one key, at `/strings/$key/$hostname`. */
export class StringMaps implements StrMapWorld {
  readonly #world: WorldContext;

  constructor(world: WorldContext) {
    this.#world = world;
  }

  strMapWatch(key: string, options?: WatchOptions): AsyncIterable<void> {
    return this.#world.client.changes({ key: mapPrefix(key), prefix: true }, options);
  }

  strMapFollow(key: string, options?: WatchOptions): AsyncIterable<ReadonlyMap<string, string>> {
    const prefix = mapPrefix(key);
    return followMap<string, string>(this.#world.client, prefix, options, {
      change: (values, event) => this.#apply(values, prefix, event),
    });
  }

  async strMapGet(key: string, options?: CallOptions): Promise<Map<string, string>> {
    const prefix = mapPrefix(key);
    const { entries } = await this.#world.client.list(prefix, options);
    return this.#toMap(prefix, entries);
  }

  async strMapSet(key: string, value: string, options?: CallOptions): Promise<void> {
    checkText(value, `The value of "${key}" for ${this.#world.hostname}`);
    await setText(this.#world.client, this.#own(key), value, options);
  }

  async strMapDel(key: string, options?: CallOptions): Promise<void> {
    await this.#world.client.delIfPresent(this.#own(key), options);
  }

  #own(key: string): string {
    checkHostname(this.#world.hostname);
    return `${mapPrefix(key)}${this.#world.hostname}`;
  }

  #toMap(prefix: string, entries: readonly KeyValue[]): Map<string, string> {
    const values = new Map<string, string>();
    for (const entry of entries) this.#apply(values, prefix, { type: 'put', entry });
    return values;
  }

  /** @returns whether the map changed. */
  #apply(values: Map<string, string>, prefix: string, { type, entry }: WatchEvent): boolean {
    const hostname = entry.key.slice(prefix.length);
    // With a further slash it belongs to a map whose key is longer, and with nothing it is a string whose key ends in a slash.
    if (!isHostname(hostname)) {
      if (hostname !== '' && !hostname.includes('/'))
        logSkipped(this.#world.log, entry.key, 'it does not end with a hostname');
      return false;
    }
    const value = type === 'put' ? readText(entry, this.#world.log) : undefined;
    if (value === undefined) return values.delete(hostname);
    values.set(hostname, value);
    return true;
  }
}

function mapPrefix(key: string): string {
  checkKey(key);
  return `${STRINGS_PREFIX}${key}/`;
}
