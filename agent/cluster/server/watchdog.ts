export interface WatchdogTimes {
  /** How often a running server is asked for a sign of life; four times as often while it gives none. */
  readonly intervalMs: number;
  /** How long a server that has answered before may be silent until it is killed. */
  readonly maxSilenceMs: number;
}

export const WATCHDOG_TIMES: WatchdogTimes = { intervalMs: 10_000, maxSilenceMs: 30_000 };

/** A pause of ours this much longer than meant: the machine slept, or this process was stopped. */
const SUSPENDED_MS = 10_000;

/**
 * Counts how long a server has been silent by a monotonic clock. Pure: it is told the time. While we did not run
 * ourselves the server most likely did not either, so that time is no silence.
 */
export class Watchdog {
  readonly #times: WatchdogTimes;
  #since: number;

  constructor(nowMs: number, times = WATCHDOG_TIMES) {
    this.#times = times;
    this.#since = nowMs;
  }

  /** To be told after each pause of `intervalMs`. */
  paused(fromMs: number, nowMs: number): void {
    if (nowMs - fromMs > this.#times.intervalMs + SUSPENDED_MS) this.#since = nowMs;
  }

  /** @returns whether it has been silent for too long */
  isHung(answered: boolean, nowMs: number): boolean {
    if (answered) this.#since = nowMs;
    return nowMs - this.#since >= this.#times.maxSilenceMs;
  }
}
