import type { WatchOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { untilAvailable } from '../client/lease/until-available.js';
import type { WatchItem } from '../client/watch/cursor.js';
import { type Fold, follow } from '../client/watch/fold.js';
import { decisionKey, parseHosts } from './keys.js';
import type { ScheduledResult } from './scheduler-world.js';

/** Yields the decision of one schedule as it is, and then each that differs from the one before. */
export function scheduled(
  client: Client,
  namespace: string,
  options?: WatchOptions,
): AsyncIterableIterator<ScheduledResult, undefined> {
  const key = decisionKey(namespace);
  return follow(client, [{ key }], options, new KeptDecision(client, key));
}

class KeptDecision implements Fold<ScheduledResult> {
  readonly #client: Client;
  readonly #key: string;
  #hosts: readonly string[] = [];
  #shown: string | undefined;
  #readAt = 0n;

  constructor(client: Client, key: string) {
    this.#client = client;
    this.#key = key;
  }

  async apply(item: WatchItem, _index: number, signal: AbortSignal): Promise<boolean> {
    if (item.kind !== 'events') await this.#read(signal);
    // What was read when the watch stood may be newer than what the watch tells first.
    else if (item.revision > this.#readAt) this.#hosts = hostsIn(item.events.at(-1)?.entry.value);
    return this.#hosts.join() !== this.#shown;
  }

  value(): ScheduledResult {
    this.#shown = this.#hosts.join();
    return { hosts: this.#hosts };
  }

  async #read(signal: AbortSignal): Promise<void> {
    const get = { success: [{ get: this.#key }] };
    const { revision, replies } = await untilAvailable(signal, () =>
      this.#client.txn(get, { signal, repeatable: true }),
    );
    this.#readAt = revision;
    this.#hosts = hostsIn(replies[0]?.entries[0]?.value);
  }
}

function hostsIn(stored: Buffer | undefined): readonly string[] {
  return parseHosts(stored?.toString() ?? '');
}
