import type { CallOptions, WatchOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { checkText, textOf } from '../client/stored/text.js';
import { setText } from '../client/write/write-if-changed.js';
import { WorldError } from '../errors.js';
import { checkKey } from '../names.js';
import type { StrWorld } from '../world.js';

/** Strings shared by the fleet, at `/strings/$key`. */
export class Strings implements StrWorld {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  strWatch(key: string, options?: WatchOptions): AsyncIterable<void> {
    return this.#client.pulses({ key: stringKey(key) }, options);
  }

  async strGet(key: string, options?: CallOptions): Promise<string> {
    const entry = await this.#client.get(stringKey(key), options);
    if (entry === undefined) {
      throw new WorldError('not-found', `There is no string "${key}".`, { key: stringKey(key) });
    }
    return textOf(entry);
  }

  async strSet(key: string, value: string, options?: CallOptions): Promise<void> {
    checkText(value, `The value of "${key}"`);
    await setText(this.#client, stringKey(key), value, options);
  }

  async strDel(key: string, options?: CallOptions): Promise<void> {
    await this.#client.delIfThere(stringKey(key), options);
  }

  strIsNotExist(error: unknown): boolean {
    return error instanceof WorldError && error.code === 'not-found';
  }
}

function stringKey(key: string): string {
  checkKey(key);
  return `/strings/${key}`;
}
