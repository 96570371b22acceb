import { setImmediate } from 'node:timers/promises';

const STEPS_BETWEEN_LOOKS = 128;
const BUSY_MS = 20;

/** Lets the process do other things while much is computed: an interruption, timers, other calls. */
export class EventLoopYielder {
  readonly #signal: AbortSignal | undefined;
  #steps = 0;
  #since = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Counts a step. Whether it is time to {@link rest}. */
  isDue(): boolean {
    this.#steps += 1;
    return this.#steps % STEPS_BETWEEN_LOOKS === 0 && performance.now() - this.#since > BUSY_MS;
  }

  /** @throws the signal's reason once it has aborted. */
  async rest(): Promise<void> {
    await setImmediate();
    this.#signal?.throwIfAborted();
    this.#since = performance.now();
  }
}
