import { backoffMs } from './backoff.js';

export interface RetryDelayOptions {
  /** Somebody waits for what is tried: the pause is shorter. */
  readonly isAwaited: boolean;
  /** Told when the pause will be over, again whenever that changes. */
  readonly onPlanned: (retryAt: Date) => void;
}

/** The time between two attempts; it gets shorter when somebody begins to wait. */
export class RetryDelay {
  readonly #failures: number;
  readonly #onPlanned: (retryAt: Date) => void;
  readonly #isOver: Promise<void>;
  #finish: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #retryAtMs = 0;

  constructor(failures: number, { isAwaited, onPlanned }: RetryDelayOptions) {
    this.#failures = failures;
    this.#onPlanned = onPlanned;
    this.#isOver = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#plan(backoffMs(failures, Math.random(), { isAwaited }));
  }

  /** Somebody waits now. */
  hurry(): void {
    const pauseMs = backoffMs(this.#failures, Math.random(), { isAwaited: true });
    if (Date.now() + pauseMs < this.#retryAtMs) this.#plan(pauseMs);
  }

  /** Settles when it is over; aborting ends it. */
  async wait({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const abort = () => this.#finish();
    signal.addEventListener('abort', abort, { once: true });
    try {
      if (!signal.aborted) await this.#isOver;
      signal.throwIfAborted();
    } finally {
      signal.removeEventListener('abort', abort);
      clearTimeout(this.#timer);
    }
  }

  #plan(pauseMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#finish, pauseMs);
    this.#retryAtMs = Date.now() + pauseMs;
    this.#onPlanned(new Date(this.#retryAtMs));
  }
}
