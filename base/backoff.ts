export interface BackoffOptions {
  /** The first wait in milliseconds. Default 50. */
  readonly firstMs?: number;
  /** The longest wait in milliseconds. Default 500. */
  readonly mostMs?: number;
  /** Shortens each wait at random, so that many clients do not come back at the same instant. Default true. */
  readonly jitter?: boolean;
}

/** Waits that double from the first to the longest. */
export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  readonly #jitter: boolean;
  #nextMs: number;

  constructor({ firstMs = 50, mostMs = 500, jitter = true }: BackoffOptions = {}) {
    this.#firstMs = firstMs;
    this.#mostMs = mostMs;
    this.#jitter = jitter;
    this.#nextMs = firstMs;
  }

  /** How long to wait now. */
  next(): number {
    const waitMs = this.#jitter ? this.#nextMs / 2 + (Math.random() * this.#nextMs) / 2 : this.#nextMs;
    this.#nextMs = Math.min(this.#nextMs * 2, this.#mostMs);
    return waitMs;
  }

  /** After a success: start over. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
