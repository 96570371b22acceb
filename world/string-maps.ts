import type { Client } from './client/client.js';
import { checkHostname, checkKey } from './names.js';
import { pulses } from './pulses.js';
import type { CallOptions, StrMapWorld, WatchOptions } from './world.js';

/** One string for each host under one key, at `/strings/$key/$hostname`. */
export class StringMaps implements StrMapWorld {
  readonly #client: Client;
  readonly #hostname: string;

  /** @param hostname whose value is set and removed. */
  constructor(client: Client, hostname: string) {
    this.#client = client;
    this.#hostname = hostname;
  }

  strMapWatch(key: string, options?: WatchOptions): AsyncIterable<void> {
    return pulses(this.#client, { key: mapPrefix(key), prefix: true }, options);
  }

  async strMapGet(key: string, options?: CallOptions): Promise<Map<string, string>> {
    const prefix = mapPrefix(key);
    const { entries } = await this.#client.list(prefix, options);
    const values = new Map<string, string>();
    for (const entry of entries) {
      const hostname = entry.key.slice(prefix.length);
      // With a further slash it belongs to a map whose key is longer.
      if (hostname !== '' && !hostname.includes('/')) values.set(hostname, entry.value.toString());
    }
    return values;
  }

  async strMapSet(key: string, value: string, options?: CallOptions): Promise<void> {
    await this.#client.setIfChanged(this.#own(key), value, options);
  }

  async strMapDel(key: string, options?: CallOptions): Promise<void> {
    await this.#client.del(this.#own(key), { ...options, repeatable: true });
  }

  #own(key: string): string {
    checkHostname(this.#hostname);
    return `${mapPrefix(key)}${this.#hostname}`;
  }
}

function mapPrefix(key: string): string {
  checkKey(key);
  return `/strings/${key}/`;
}
