import { onAbort } from '../../base/abort.js';

const FIRST_CAP_MS = 250;
const LAST_CAP_MS = 5_000;
const LAST_CAP_WHILE_AWAITED_MS = 1_000;

/**
 * How long to wait before the next attempt, in milliseconds: random, up to a cap that doubles with each failure from
 * 250 ms to 5 s, so that many clients of a lost host do not come back at the same moment. While a caller is waiting for
 * the connection the cap is 1 s.
 *
 * @param failures how many attempts failed in a row, at least 1
 * @param random from 0 up to 1
 */
export function backoffMs(failures: number, random: number, { isAwaited = false } = {}): number {
  const lastCapMs = isAwaited ? LAST_CAP_WHILE_AWAITED_MS : LAST_CAP_MS;
  // The cap is reached long before 2^16, and larger powers would overflow.
  const capMs = Math.min(lastCapMs, FIRST_CAP_MS * 2 ** Math.min(failures - 1, 16));
  return Math.round(random * capMs);
}

export interface RetryDelayOptions {
  /** Whether a caller is waiting: then the pause is shorter. */
  readonly isAwaited: boolean;
  /** Told when the next attempt will be, and again whenever that changes. */
  readonly onPlanned: (retryAt: Date) => void;
}

/** The pause between two attempts, which gets shorter when a caller starts waiting. */
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

  /** A caller has started waiting. */
  hurry(): void {
    const pauseMs = backoffMs(this.#failures, Math.random(), { isAwaited: true });
    if (Date.now() + pauseMs < this.#retryAtMs) this.#plan(pauseMs);
  }

  /** Resolves when the pause is over; an abort rejects with `signal.reason`. */
  async wait({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const unlisten = onAbort([signal], this.#finish);
    try {
      await this.#isOver;
      signal.throwIfAborted();
    } finally {
      unlisten();
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
