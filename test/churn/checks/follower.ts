import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../../world/index.js';

const CATCH_UP_MS = 10_000;

/** Watches keys that are written once each, through everything that happens to the cluster. */
export class Follower {
  readonly #client: Client;
  readonly #prefix: string;
  readonly #complain: (complaint: string) => void;
  readonly #seen = new Set<string>();
  readonly #over = new AbortController();
  #watching = Promise.resolve();

  constructor(client: Client, prefix: string, complain: (complaint: string) => void) {
    this.#client = client;
    this.#prefix = prefix;
    this.#complain = complain;
  }

  /** Resolves when the watch stands. */
  async start(): Promise<void> {
    const request = { key: this.#prefix, prefix: true };
    const items = this.#client.watch(request, { signal: this.#over.signal });
    await items.next();
    this.#watching = this.#follow(items).catch((error: unknown) => {
      this.#complain(`a watch ended: ${String(error)}`);
    });
  }

  /** Ends the watch when it has told of all these keys; complains of those that it has not told of in time. */
  async finish(written: ReadonlySet<string>): Promise<void> {
    const until = performance.now() + CATCH_UP_MS;
    const missed = () => [...written].filter((key) => !this.#seen.has(key));
    while (missed().length > 0 && performance.now() < until) await delay(50);
    const lacking = missed();
    if (lacking.length > 0)
      this.#complain(`a watch missed ${lacking.length} writes: ${lacking.slice(0, 20).join(', ')}`);
    await this.close();
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#watching;
  }

  async #follow(items: ReturnType<Client['watch']>): Promise<void> {
    let last = 0n;
    for await (const item of items) {
      if (item.kind === 'restarted') this.#complain('a watch started over although nothing was compacted');
      if (item.kind !== 'events') continue;
      for (const { entry } of item.events) {
        const key = entry.key.slice(this.#prefix.length);
        if (this.#seen.has(key)) this.#complain(`a watch told of ${key} twice`);
        if (entry.modRevision < last) this.#complain(`a watch told of ${key} after what came later`);
        last = entry.modRevision;
        this.#seen.add(key);
      }
    }
  }
}
