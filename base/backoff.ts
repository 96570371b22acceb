/** Waits that grow from 50 to 500 ms, with jitter so that many clients do not come back at the same instant. */
export class Backoff {
  static readonly #firstMs = 50;
  static readonly #mostMs = 500;
  #nextMs = Backoff.#firstMs;

  /** How long to wait now. */
  next(): number {
    const waitMs = this.#nextMs / 2 + (Math.random() * this.#nextMs) / 2;
    this.#nextMs = Math.min(this.#nextMs * 2, Backoff.#mostMs);
    return waitMs;
  }

  /** After a success: start over. */
  reset(): void {
    this.#nextMs = Backoff.#firstMs;
  }
}
