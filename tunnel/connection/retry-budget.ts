/** How many attempts in a row may start immediately, and how long until one more may. */
const STORE = 20;
const ONE_MORE_AFTER_MS = 500;

/**
 * Decides which reconnect attempts may start immediately. A host that was there a moment ago is probably there again, and
 * on a network that comes and goes several times a second, an attempt that starts as soon as the last one broke off has the
 * most time to succeed. But a server that drops every connection must not be hammered forever.
 */
export class RetryBudget {
  readonly #now: () => number;
  #store = STORE;
  #filledAtMs: number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#filledAtMs = now();
  }

  /** Whether an attempt may start immediately; if so, it counts as started. */
  take(): boolean {
    const now = this.#now();
    const more = Math.floor((now - this.#filledAtMs) / ONE_MORE_AFTER_MS);
    this.#store = Math.min(STORE, this.#store + more);
    this.#filledAtMs += more * ONE_MORE_AFTER_MS;
    if (this.#store === 0) return false;
    this.#store -= 1;
    return true;
  }
}
