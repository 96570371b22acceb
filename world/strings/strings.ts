import type { CallOptions, WatchOptions } from '../call-options.js';
import { checkText, readText, textOf } from '../client/stored/text.js';
import { setText } from '../client/write/write-if-changed.js';
import { WorldError } from '../errors.js';
import { followKey } from '../follow.js';
import { STRINGS_PREFIX } from '../keys.js';
import { checkKey } from '../names.js';
import type { WorldContext } from '../world-context.js';

/** Strings shared by the whole fleet. */
export interface StrWorld {
  /** Yields once when the watch stands, then once for each change (or burst of changes) of the string. */
  strWatch(key: string, options?: WatchOptions): AsyncIterable<void>;
  /** Yields the string as it is, undefined while there is none, and then each one that differs from the one before. */
  strFollow(key: string, options?: WatchOptions): AsyncIterable<string | undefined>;
  /**
   * @throws WorldError `not-found` when the key does not exist (see {@link strIsNotExist}); `invalid` when what is
   * stored is no text (UTF-8), or for a key that cannot be
   */
  strGet(key: string, options?: CallOptions): Promise<string>;
  /**
   * Writes only if the value differs, so that nobody is woken for nothing.
   * @throws WorldError `invalid` for a key that cannot be (empty, or with a slash at an end) or a value that is no text
   * (half of a surrogate pair); `too-large` beyond 1.5 MiB; `no-space`; `outcome-unknown`
   */
  strSet(key: string, value: string, options?: CallOptions): Promise<void>;
  /** A key that does not exist is no error. */
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
