export interface SilenceTimes {
  /** How often to check a running server; four times as often while it does not answer. */
  readonly intervalMs: number;
  /** How long a server that has answered before may be silent before it is killed. */
  readonly maxSilenceMs: number;
}

export const SILENCE_TIMES: SilenceTimes = { intervalMs: 10_000, maxSilenceMs: 30_000 };

/** If a pause takes this much longer than intended, the machine was suspended or this process was stopped. */
const SUSPENDED_MS = 10_000;

/**
 * Measures how long a server has been silent, by a monotonic clock. Pure: the time is passed in. Time in which this
 * process did not run does not count, because the server most likely did not run either.
 */
export class ServerSilence {
  readonly #times: SilenceTimes;
  #since: number;

  constructor(nowMs: number, times = SILENCE_TIMES) {
    this.#times = times;
    this.#since = nowMs;
  }

  /** Call it after each pause of `intervalMs`. */
  paused(fromMs: number, nowMs: number): void {
    if (nowMs - fromMs > this.#times.intervalMs + SUSPENDED_MS) this.#since = nowMs;
  }

  /** @returns whether it has been silent for too long */
  isHung(answered: boolean, nowMs: number): boolean {
    if (answered) this.#since = nowMs;
    return nowMs - this.#since >= this.#times.maxSilenceMs;
  }
}
