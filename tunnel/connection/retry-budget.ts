/** Attempts that may begin at once in a row, and how long it takes until one more may. */
const STORE = 20;
const ONE_MORE_AFTER_MS = 500;

/**
 * Which attempts to connect again may begin at once. A host that was there a moment ago is likely there again, and
 * where a network comes and goes several times a second, an attempt that begins as soon as the last one broke off has
 * the longest time that there is; one that begins after a pause has what is left. But a server that ends every
 * connection is not to be pestered without end.
 */
export class RetryBudget {
  readonly #now: () => number;
  #store = STORE;
  #filledAtMs: number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#filledAtMs = now();
  }

  /** Whether one may begin at once; it counts as begun then. */
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
