import { setImmediate } from 'node:timers/promises';

/** For steps that take microseconds. */
const STEPS_BETWEEN_LOOKS = 128;
const BUSY_MS = 20;

/** Lets the process do other things while much is computed: an interruption, timers, other calls. */
export class EventLoopYielder {
  readonly #signal: AbortSignal | undefined;
  readonly #stepsBetweenLooks: number;
  #steps = 0;
  #since = performance.now();

  /** @param stepsBetweenLooks how many steps may pass before the clock is looked at. */
  constructor(signal: AbortSignal | undefined, stepsBetweenLooks = STEPS_BETWEEN_LOOKS) {
    this.#signal = signal;
    this.#stepsBetweenLooks = stepsBetweenLooks;
  }

  /** Counts a step. Whether it is time to {@link rest}. */
  isDue(): boolean {
    this.#steps += 1;
    return this.#steps % this.#stepsBetweenLooks === 0 && performance.now() - this.#since > BUSY_MS;
  }

  /** @throws the signal's reason once it has aborted. */
  async rest(): Promise<void> {
    await setImmediate();
    this.#signal?.throwIfAborted();
    this.#since = performance.now();
  }
}
