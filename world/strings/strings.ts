import type { CallOptions, WatchOptions } from '../call-options.js';
import { checkText } from '../client/stored/check-text.js';
import { readText, textOf } from '../client/stored/read-text.js';
import { followKey } from '../client/watch/follow-keys.js';
import { setText } from '../client/write/write-if-changed.js';
import { WorldError } from '../errors.js';
import { STRINGS_PREFIX } from '../keys.js';
import { checkKey } from '../validate-names.js';
import type { WorldContext } from '../world-context.js';

/** Strings shared by the whole fleet. */
export interface StrWorld {
  /** Yields once the watch is set up, then once for each change or burst of changes of the string. */
  strWatch(key: string, options?: WatchOptions): AsyncIterable<void>;
  /** Yields the string as it is, undefined while there is none, and then each one that differs from the one before. */
  strFollow(key: string, options?: WatchOptions): AsyncIterable<string | undefined>;
  /**
   * @throws WorldError `not-found` when the key does not exist (see {@link strIsNotExist}); `invalid` when the value is
   * not UTF-8, or for a key that is not valid
   */
  strGet(key: string, options?: CallOptions): Promise<string>;
  /**
   * Writes only if the value differs, so that no watch wakes for nothing.
   * @throws WorldError `invalid` for a key that is not valid (empty, or with a NUL) or a value that is not valid Unicode
   * (an unpaired surrogate); `too-large` beyond 1.5 MiB; `no-space`; `outcome-unknown`
   */
  strSet(key: string, value: string, options?: CallOptions): Promise<void>;
  /** Succeeds when the key does not exist. */
  strDel(key: string, options?: CallOptions): Promise<void>;
  /** Whether an error of {@link strGet} says that the key does not exist. */
  strIsNotExist(error: unknown): boolean;
}

/** Strings shared by the fleet, at `/strings/$key`. */
export class Strings implements StrWorld {
  readonly #world: WorldContext;

  constructor(world: WorldContext) {
    this.#world = world;
  }

  strWatch(key: string, options?: WatchOptions): AsyncIterable<void> {
    return this.#world.client.changes({ key: stringKey(key) }, options);
  }

  strFollow(key: string, options?: WatchOptions): AsyncIterable<string | undefined> {
    const { client, log } = this.#world;
    return followKey(client, stringKey(key), options, {
      read: (entry) => (entry === undefined ? undefined : readText(entry, log)),
      identify: (text) => text,
    });
  }

  async strGet(key: string, options?: CallOptions): Promise<string> {
    const entry = await this.#world.client.get(stringKey(key), options);
    if (entry === undefined) {
      throw new WorldError('not-found', `There is no string "${key}".`, { key: stringKey(key) });
    }
    return textOf(entry);
  }

  async strSet(key: string, value: string, options?: CallOptions): Promise<void> {
    checkText(value, `The value of "${key}"`);
    await setText(this.#world.client, stringKey(key), value, options);
  }

  async strDel(key: string, options?: CallOptions): Promise<void> {
    await this.#world.client.delIfPresent(stringKey(key), options);
  }

  strIsNotExist(error: unknown): boolean {
    return error instanceof WorldError && error.code === 'not-found';
  }
}

function stringKey(key: string): string {
  checkKey(key);
  return `${STRINGS_PREFIX}${key}`;
}
