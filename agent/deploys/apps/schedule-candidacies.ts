import { totalmem } from 'node:os';
import { pause } from '../../../base/abort.js';
import { Notify } from '../../../base/notify.js';
import {
  type AppSchedule,
  Candidacy,
  type Client,
  candidateKey,
  type Log,
  toStoredOptions,
} from '../../../world/internal.js';
import { describeFailure } from '../describe-failure.js';

/** A schedule gets so long to choose a host that has just offered itself, before that stops what it ran. */
const SETTLING_MS = 3_000;

const RETRY_MS = 2_000;

const BYTES_PER_MIB = 1_048_576;

export interface ScheduleCandidaciesOptions {
  readonly client: Client;
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly log: Log;
  /** Whether the host stays chosen for a moment after the agent has ended, because its apps go on. */
  readonly staysChosen: boolean;
  /** Called when a schedule has had its time to choose this host. */
  readonly onSettled: () => void;
}

/** Offers this host to the schedules of its apps, for the elected host to choose from. */
export class ScheduleCandidacies {
  readonly #options: ScheduleCandidaciesOptions;
  readonly #changed = new Notify();
  readonly #offered = new Map<string, { readonly text: string; readonly candidacy: Candidacy }>();
  readonly #settled = new Set<string>();
  #wanted: ReadonlyMap<string, AppSchedule> = new Map();

  constructor(options: ScheduleCandidaciesOptions) {
    this.#options = options;
  }

  /** Tells it which schedules there are, by namespace. */
  want(schedules: ReadonlyMap<string, AppSchedule>): void {
    this.#wanted = schedules;
    this.#changed.notify();
  }

  /** Whether it counts that a schedule has not chosen this host. */
  isSettled(namespace: string): boolean {
    return this.#settled.has(namespace);
  }

  /** Works until the signal aborts, and then withdraws this host, unless its apps go on. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#follow(signal);
    const candidacies = [...this.#offered.values()].map(({ candidacy }) => candidacy);
    const { staysChosen } = this.#options;
    await Promise.all(candidacies.map((one) => (staysChosen ? one.abandon() : one.close())));
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let said = '';
    while (!signal.aborted) {
      try {
        await this.#offer(signal);
        said = '';
        await this.#changed.wait(undefined, signal);
      } catch (error) {
        if (signal.aborted) return;
        const problem = describeFailure(error);
        if (problem !== said) this.#options.log('warn', `cannot offer this host to a schedule: ${problem}`);
        said = problem;
        await pause(RETRY_MS, signal);
      }
    }
  }

  async #offer(signal: AbortSignal): Promise<void> {
    const { client, hostname, log } = this.#options;
    const wanted = this.#wanted;
    for (const [namespace, { candidacy }] of this.#offered) {
      if (wanted.has(namespace)) continue;
      await candidacy.close();
      this.#offered.delete(namespace);
      this.#settled.delete(namespace);
    }
    for (const [namespace, schedule] of wanted) {
      const text = JSON.stringify(schedule);
      const before = this.#offered.get(namespace);
      if (before?.text === text) continue;
      const candidacy = before?.candidacy ?? new Candidacy(client, candidateKey(hostname, namespace), log);
      await candidacy.register(toStoredOptions(this.#optionsOf(schedule)), { signal });
      this.#offered.set(namespace, { text, candidacy });
      if (before === undefined) void this.#settle(namespace, candidacy, signal);
    }
  }

  #optionsOf({ maxCount, strategy }: AppSchedule) {
    const { labels } = this.#options;
    // What changes on its own would move apps.
    const capacity = strategy === 'capacity' ? Math.floor(totalmem() / BYTES_PER_MIB) : undefined;
    return { maxCount, strategy, labels, capacity };
  }

  async #settle(namespace: string, candidacy: Candidacy, signal: AbortSignal): Promise<void> {
    await pause(SETTLING_MS, signal);
    if (signal.aborted || this.#offered.get(namespace)?.candidacy !== candidacy) return;
    this.#settled.add(namespace);
    this.#options.onSettled();
  }
}
