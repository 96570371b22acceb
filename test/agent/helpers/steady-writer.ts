import { setTimeout as delay } from 'node:timers/promises';
import { EtcdWorld } from '../../../world/index.js';
import type { LocalAgent } from './local-agent.js';

let writers = 0;

/** What a writer has seen. */
export interface WriterReport {
  readonly acknowledged: number;
  /** Whatever was not acknowledged, refused or unknown. */
  readonly failures: readonly string[];
  /** Acknowledged, and yet not there at the end. */
  readonly lost: readonly string[];
  /** The longest time without an acknowledgement. */
  readonly longestGapMs: number;
  /** The sum of all such times that are longer than those of ordinary operation, 100 ms even on a busy machine. */
  readonly stoppedMs: number;
}

const ordinaryGapMs = 100;
const PAUSE_MS = 15;

/** Writes one key after the other from outside, as a program of the fleet does, and keeps account. */
export class SteadyWriter {
  readonly #world: EtcdWorld;
  readonly #prefix: string;
  readonly #acknowledged: string[] = [];
  readonly #failures: string[] = [];
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #longestGapMs = 0;
  #stoppedMs = 0;

  static start(agents: readonly LocalAgent[]): SteadyWriter {
    const endpoints = agents.map(({ clientUrl }) => clientUrl);
    return new SteadyWriter(EtcdWorld.create({ seeds: endpoints, hostname: 'outside', namespace: '/_mgmt' }));
  }

  private constructor(world: EtcdWorld) {
    this.#world = world;
    writers += 1;
    this.#prefix = `writer-${writers}/`;
    this.#running = this.#run();
  }

  get acknowledged(): number {
    return this.#acknowledged.length;
  }

  /** Ends the writing, reads everything back, and says how it went. */
  async stop(): Promise<WriterReport> {
    this.#stopping.abort();
    await this.#running;
    const { entries } = await this.#world.client.list(`/strings/${this.#prefix}`);
    await this.#world.close();
    const found = new Set(entries.map(({ key }) => key.slice('/strings/'.length)));
    return {
      acknowledged: this.#acknowledged.length,
      failures: this.#failures,
      lost: this.#acknowledged.filter((key) => !found.has(key)),
      longestGapMs: Math.round(this.#longestGapMs),
      stoppedMs: Math.round(this.#stoppedMs),
    };
  }

  async #run(): Promise<void> {
    let last = performance.now();
    for (let number = 1; !this.#stopping.signal.aborted; number += 1) {
      const key = `${this.#prefix}${number}`;
      try {
        // etcd forgets a write that arrives while leadership changes hands, and says so after seven seconds.
        // Each key is written by nobody else, so that a write whose answer is lost may be made again.
        const options = { timeoutMs: 30_000, repeatable: true };
        await this.#world.client.set(`/strings/${key}`, String(number), options);
        this.#acknowledged.push(key);
        const now = performance.now();
        this.#count(now - last);
        last = now;
      } catch (error) {
        this.#failures.push(String(error));
      }
      await delay(PAUSE_MS);
    }
  }

  #count(gapMs: number): void {
    this.#longestGapMs = Math.max(this.#longestGapMs, gapMs);
    if (gapMs > ordinaryGapMs) this.#stoppedMs += gapMs;
  }
}
