import { onAbort } from './abort.js';

/** Lets one loop sleep until it is notified or a time has passed. A notification while it is busy is not lost. */
export class Notify {
  #pending = false;
  #wake: (() => void) | undefined;

  /** Wakes the loop, now or at its next wait. */
  notify(): void {
    this.#pending = true;
    this.#wake?.();
  }

  /** Resolves when notified (at once if that was before), after `ms`, or when the signal aborts. One call at a time. */
  async wait(ms?: number, signal?: AbortSignal): Promise<void> {
    if (!this.#pending && signal?.aborted !== true) await this.#sleep(ms, signal);
    this.#pending = false;
  }

  #sleep(ms: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        unlisten();
        this.#wake = undefined;
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(wake, ms);
      const unlisten = onAbort([signal], wake);
      this.#wake = wake;
    });
  }
}
