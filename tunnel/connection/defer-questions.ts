import { pause } from '../../base/abort.js';

/** How long other destinations have to lead there without a question. */
const OTHERS_HAVE_MS = 2_000;

/**
 * Keeps destinations whose command has a question waiting while another one may lead there without. Nobody is asked for
 * sudo's password of one host when another lets them in.
 */
export class AnswerGate {
  readonly #undecided: Set<unknown>;
  readonly #decided = new AbortController();

  /** @param attempts one for each destination that is tried */
  constructor(attempts: Iterable<unknown>) {
    this.#undecided = new Set(attempts);
  }

  /** An attempt has failed, or waits. Idempotent. */
  decide(attempt: unknown): void {
    this.#undecided.delete(attempt);
    if (this.#undecided.size === 0) this.#decided.abort();
  }

  /** Resolves when nobody else will lead there without a question, or takes too long. Call {@link decide} before. */
  async opened(signal: AbortSignal): Promise<void> {
    await pause(OTHERS_HAVE_MS, this.#decided.signal, signal);
    signal.throwIfAborted();
  }
}
