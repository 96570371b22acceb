export interface BackoffOptions {
  /** The first delay in milliseconds. Default 50. */
  readonly firstMs?: number;
  /** The longest delay in milliseconds. Default 500. */
  readonly maxMs?: number;
  /** Shortens each delay at random, so that many clients do not retry at the same instant. Default true. */
  readonly jitter?: boolean;
}

/** Delays that double from the first to the longest. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #jitter: boolean;
  #nextMs: number;

  constructor({ firstMs = 50, maxMs = 500, jitter = true }: BackoffOptions = {}) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#jitter = jitter;
    this.#nextMs = firstMs;
  }

  /** The next delay, in milliseconds. */
  next(): number {
    const delayMs = this.#jitter ? this.#nextMs / 2 + (Math.random() * this.#nextMs) / 2 : this.#nextMs;
    this.#nextMs = Math.min(this.#nextMs * 2, this.#maxMs);
    return delayMs;
  }

  /** Starts over, after a success. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
