import { setTimeout as delay } from 'node:timers/promises';
import { type Client, type WatchItem, WorldError } from '../../../world/index.js';
import { EVENTS, PUTS, type Recovery, type Report } from './protocol.js';
import { Silence } from './silence.js';

const WRITERS = 8;
const PAUSE_MS = 4;
/** Puts and events that must come before either counts as flowing. */
const FLOWING = 20;
const PUT_TIMEOUT_MS = 3_000;
const BULK_BYTES = 256 * 1024;
/** How long a watch may take to get to the end of what was written. */
const CATCH_UP_MS = 30_000;

type Outcome = 'acknowledged' | 'refused' | 'unknown';

/** Constant load on a client: numbered puts whose outcomes are kept, bulk both ways, and a watch of numbered events. */
export class Load {
  readonly #client: Client;
  readonly #onRefusal: (message: string) => void;
  readonly #ending = new AbortController();
  readonly #outcomes: Record<Outcome, string[]> = { acknowledged: [], refused: [], unknown: [] };
  readonly #events: string[] = [];
  readonly #silence = { puts: new Silence(), events: new Silence() };
  readonly #rssAtStart = process.memoryUsage.rss();
  readonly #sampling: NodeJS.Timeout;
  #rssPeak = 0;
  #restarts = 0;
  #watchedFrom = 0n;
  #revision = 0n;
  #tasks: readonly Promise<void>[] = [];

  private constructor(client: Client, onRefusal: (message: string) => void) {
    this.#client = client;
    this.#onRefusal = onRefusal;
    this.#sampling = setInterval(() => {
      this.#rssPeak = Math.max(this.#rssPeak, process.memoryUsage.rss());
    }, 100);
  }

  /** Settles when the watch stands and the puts have begun. */
  static async start(client: Client, onRefusal: (message: string) => void): Promise<Load> {
    const load = new Load(client, onRefusal);
    const items = await load.#watch();
    const writers = Array.from({ length: WRITERS }, (_, writer) => load.#write(writer));
    load.#tasks = [load.#follow(items), ...writers, load.#moveBulk()];
    return load;
  }

  /** How long it takes from now until puts are acknowledged and events come again; settles when some of both have. */
  async recovery(): Promise<Recovery> {
    const [putMs, eventMs] = await Promise.all([flowing(this.#silence.puts), flowing(this.#silence.events)]);
    return { putMs, eventMs };
  }

  /** Ends the load, with `throughRevision` after the watch has got there (or should have). */
  async finish(throughRevision: bigint | undefined): Promise<Report> {
    if (throughRevision !== undefined) await this.#watched(throughRevision);
    this.#ending.abort();
    await Promise.all(this.#tasks);
    clearInterval(this.#sampling);
    return {
      ...this.#outcomes,
      watchedFrom: String(this.#watchedFrom),
      events: this.#events,
      restarts: this.#restarts,
      rssGrowthBytes: this.#rssPeak - this.#rssAtStart,
      longestSilenceMs: {
        putMs: this.#silence.puts.longestMs,
        eventMs: this.#silence.events.longestMs,
      },
    };
  }

  async #watched(revision: bigint): Promise<void> {
    const deadline = performance.now() + CATCH_UP_MS;
    while (this.#revision < revision && performance.now() < deadline) await delay(20);
  }

  async #write(writer: number): Promise<void> {
    const { signal } = this.#ending;
    for (let number = 0; !signal.aborted; number += 1) {
      const key = `${PUTS}${writer}/${String(number).padStart(6, '0')}`;
      const outcome = await this.#put(key);
      this.#outcomes[outcome].push(key);
      if (outcome === 'acknowledged') this.#silence.puts.break();
      await delay(PAUSE_MS);
    }
  }

  async #put(key: string): Promise<Outcome> {
    const { signal } = this.#ending;
    try {
      await this.#client.set(key, key, { signal, timeoutMs: PUT_TIMEOUT_MS });
      return 'acknowledged';
    } catch (error) {
      if (signal.aborted) return 'unknown';
      if (!(error instanceof WorldError)) throw error;
      if (error.code === 'outcome-unknown') return 'unknown';
      this.#onRefusal(error.message);
      return 'refused';
    }
  }

  /** Fills the channels, so that a fault finds data under way. */
  async #moveBulk(): Promise<void> {
    const { signal } = this.#ending;
    const value = Buffer.alloc(BULK_BYTES, 'bulk');
    while (!signal.aborted) {
      try {
        await this.#client.set('/bulk', value, { bulk: true, repeatable: true, signal });
        await this.#client.get('/bulk', { bulk: true, signal });
      } catch (error) {
        if (!signal.aborted && !(error instanceof WorldError)) throw error;
      }
      await delay(50);
    }
  }

  async #watch(): Promise<AsyncIterableIterator<WatchItem>> {
    const { signal } = this.#ending;
    const items = this.#client.watch({ key: EVENTS, prefix: true }, { signal });
    const first = await items.next();
    if (first.done === true || first.value.kind !== 'ready') throw new Error('the watch does not stand');
    this.#watchedFrom = first.value.revision;
    return items;
  }

  async #follow(items: AsyncIterable<WatchItem>): Promise<void> {
    for await (const item of items) {
      if (item.kind === 'restarted') this.#restarts += 1;
      if (item.kind !== 'events') continue;
      this.#silence.events.break();
      for (const { entry } of item.events) this.#events.push(`${entry.key}@${entry.modRevision}`);
      this.#revision = item.revision;
    }
  }
}

/** Milliseconds from now to the end of the longest silence: what was under way already may still come before it. */
async function flowing(silence: Silence): Promise<number> {
  const from = performance.now();
  let longestMs = 0;
  let overMs = 0;
  for (let seen = 0; seen < FLOWING; seen += 1) {
    const since = performance.now();
    await silence.broken();
    const now = performance.now();
    if (now - since > longestMs) {
      longestMs = now - since;
      overMs = now - from;
    }
  }
  return overMs;
}
