import { setMaxListeners } from 'node:events';

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

/** Resolves after `ms`, or at once when one of the signals aborts: the caller looks which it was. */
export function pause(ms: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      unlisten();
      resolve();
    };
    const timer = setTimeout(done, ms);
    const unlisten = onAbort(signals, done);
  });
}

/** Calls `listener` once when the first of the signals aborts (soon, if one has already); returns how to stop listening. */
export function onAbort(signals: readonly (AbortSignal | undefined)[], listener: () => void): () => void {
  const unlisten = (): void => {
    for (const signal of signals) signal?.removeEventListener('abort', fire);
  };
  const fire = (): void => {
    unlisten();
    listener();
  };
  if (signals.some((signal) => signal?.aborted)) {
    queueMicrotask(listener);
    return unlisten;
  }
  for (const signal of signals) {
    if (signal === undefined) continue;
    // Any number of calls may share a signal; each takes its listener off again.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', fire);
  }
  return unlisten;
}
