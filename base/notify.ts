import { setTimeout as delay } from 'node:timers/promises';

/** Lets one loop sleep until something happens or a time has passed. What happens while it is busy is not lost. */
export class Notify {
  #rung = false;
  #ring: (() => void) | undefined;

  /** Something happened. */
  notify(): void {
    this.#rung = true;
    this.#ring?.();
  }

  /** Resolves at the next ring (at once after one that nobody waited for), after `ms`, or when the signal aborts. */
  async wait(ms: number | undefined, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) await this.#sleep(ms, signal);
    this.#rung = false;
  }

  async #sleep(ms: number | undefined, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const rung = new Promise<void>((resolve) => {
      this.#ring = resolve;
      signal.addEventListener('abort', () => resolve(), { signal: over.signal });
    });
    const timer = ms === undefined ? [] : [delay(ms, undefined, { signal: over.signal })];
    try {
      await Promise.race([rung, ...timer]);
    } finally {
      this.#ring = undefined;
      over.abort();
      for (const sleeping of timer) sleeping.catch(() => undefined); // ended by us
    }
  }
}
