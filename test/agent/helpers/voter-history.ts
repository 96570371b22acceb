import { setTimeout as delay } from 'node:timers/promises';
import { Notify } from '../../../base/notify.js';
import { type Client, WorldError } from '../../../world/index.js';

const lookEveryMs = 50;

/** How many voted, for how long. */
export interface VoterCount {
  readonly voters: number;
  readonly lastedMs: number;
}

/** Looks at the member list all the time and remembers each number of voters that it saw. */
export class VoterHistory {
  readonly #client: Client;
  readonly #seen: { voters: number; since: number }[] = [];
  readonly #ending = new AbortController();
  readonly #looked = new Notify();
  readonly #running: Promise<void>;

  constructor(client: Client) {
    this.#client = client;
    this.#running = this.#run();
  }

  /** Waits until this many voted when it looked last. */
  async shows(voters: number): Promise<void> {
    while (this.#seen.at(-1)?.voters !== voters) await this.#looked.wait(undefined, this.#ending.signal);
  }

  /** Ends the looking. */
  async stop(): Promise<VoterCount[]> {
    this.#ending.abort();
    await this.#running;
    const end = performance.now();
    return this.#seen.map(({ voters, since }, index) => ({
      voters,
      lastedMs: Math.round((this.#seen[index + 1]?.since ?? end) - since),
    }));
  }

  async #run(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      try {
        const members = await this.#client.cluster.members({ timeoutMs: 2_000 });
        const voters = members.filter(({ isLearner }) => !isLearner).length;
        if (this.#seen.at(-1)?.voters !== voters) this.#seen.push({ voters, since: performance.now() });
        this.#looked.notify();
      } catch (error) {
        if (!(error instanceof WorldError)) throw error; // no answer at this moment: looked again
      }
      await delay(lookEveryMs);
    }
  }
}
