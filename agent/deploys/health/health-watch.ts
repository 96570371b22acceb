import { pause } from '../../../base/abort.js';
import type { AppCheck } from './list-app-checks.js';
import { type HealthOptions, runHealthCheck, waitUntilHealthy } from './run-health-check.js';

/** How often a running app is checked, at most. */
const WATCH_INTERVAL_MS = 5_000;

/** So many failures in a row make an app unhealthy: a single one may be a slow moment. */
const FAILURES = 2;

/** `checking` until the check has passed, or has failed for as long as it may. */
export type Health =
  | { readonly state: 'passing' | 'checking' }
  | { readonly state: 'failing'; readonly finding: string };

export interface HealthWatchOptions {
  /** Whether the check has passed just now. */
  readonly isHealthy: boolean;
  /** Called when it begins or ceases to pass. */
  readonly onChange: () => void;
  /** The pause between two tries, unless the check's own is longer. Default 5 s. */
  readonly intervalMs?: number;
}

/** Goes on checking an app while it runs. */
export class HealthWatch {
  readonly check: AppCheck;
  readonly #options: HealthOptions;
  readonly #onChange: () => void;
  readonly #intervalMs: number;
  #health: Health;

  constructor(
    check: AppCheck,
    options: HealthOptions,
    { isHealthy, onChange, intervalMs = WATCH_INTERVAL_MS }: HealthWatchOptions,
  ) {
    this.check = check;
    this.#options = options;
    this.#onChange = onChange;
    this.#intervalMs = Math.max(intervalMs, check.check.intervalMs);
    this.#health = { state: isHealthy ? 'passing' : 'checking' };
  }

  get health(): Health {
    return this.#health;
  }

  /** Waits until the check passes for the first time, or its time is over. @returns what it found then */
  async untilKnown(): Promise<string | undefined> {
    const finding = await waitUntilHealthy(this.check.check, this.#options);
    this.#set(finding);
    return finding;
  }

  /** Checks until the signal aborts. */
  async run(): Promise<void> {
    const { check } = this.check;
    const { signal } = this.#options;
    const { successes = 1 } = check;
    let [passed, failed] = [0, 0];
    for (;;) {
      await pause(this.#intervalMs, signal);
      if (signal.aborted) return;
      const finding = await runHealthCheck(check, this.#options).catch((error: unknown) => String(error));
      if (signal.aborted) return;
      [passed, failed] = finding === undefined ? [passed + 1, 0] : [0, failed + 1];
      if (passed >= successes) this.#set(undefined);
      else if (failed >= FAILURES) this.#set(finding);
    }
  }

  #set(finding: string | undefined): void {
    const { state } = this.#health;
    this.#health = finding === undefined ? { state: 'passing' } : { state: 'failing', finding };
    // What it finds may differ each time: only whether it is well is news.
    if (state !== this.#health.state) this.#onChange();
  }
}
