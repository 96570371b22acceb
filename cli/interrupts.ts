import { InterruptedError } from './errors.js';
import { EXIT_CODES } from './exit-code.js';
import { writeRemark } from './output/write.js';

/**
 * Turns ^C into an orderly end: the first aborts `signal`, the second says how long that may still take where it is
 * known, the third calls `kill` and exits at once. A hang-up comes from the terminal's end, often more than once, and is
 * never impatience: it only begins an orderly end.
 */
export class Interrupts implements Disposable {
  readonly #controller = new AbortController();
  readonly #kills = new Set<() => void>();
  #remainingMs = (): number => 0;
  #count = 0;

  constructor() {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The signal that ended us, once one has. */
  get reason(): InterruptedError | undefined {
    return this.signal.aborted ? (this.signal.reason as InterruptedError) : undefined;
  }

  /** Registers what the third ^C has to end by force. */
  onKill(kill: () => void): void {
    this.#kills.add(kill);
  }

  /** Registers how many milliseconds an orderly end may still take; 0 while that is not known. */
  onSecond(remainingMs: () => number): void {
    this.#remainingMs = remainingMs;
  }

  [Symbol.dispose](): void {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, this.#onSignal);
  }

  /** The terminal, or whoever read what we say, is gone. */
  hangUp(): void {
    this.#onSignal('SIGHUP');
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    if (name === 'SIGHUP' && this.signal.aborted) return;
    this.#count += 1;
    if (this.#count === 1) this.#controller.abort(new InterruptedError(name));
    if (this.#count === 2)
      writeRemark(`hawser: still ending in order${this.#howLong()}; once more to end at once`);
    if (this.#count < 3) return;
    for (const kill of this.#kills) kill();
    process.exit(EXIT_CODES.interrupted);
  };

  #howLong(): string {
    const seconds = Math.ceil(this.#remainingMs() / 1000);
    return seconds > 0 ? `, for at most ${seconds} s more` : '';
  }
}
