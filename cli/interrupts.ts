import { InterruptedError } from './errors.js';
import { EXIT_CODES } from './exit-codes.js';
import { writeRemark } from './output/write-output.js';

/**
 * Turns Ctrl-C into a clean shutdown: the first aborts `signal`, the second tells how long that may still take if that
 * is known, the third calls `kill` and exits at once. A hang-up comes from the end of the terminal, often more than
 * once, and says nothing of impatience: it only begins a clean shutdown.
 */
export class Interrupts implements Disposable {
  readonly #controller = new AbortController();
  readonly #kills = new Set<() => void>();
  #limit: NodeJS.Timeout | undefined;
  #remainingMs = (): number => 0;
  #count = 0;

  constructor() {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What ended the command, once something has: a signal, or its time limit. */
  get reason(): Error | undefined {
    return this.signal.aborted ? (this.signal.reason as Error) : undefined;
  }

  /** Which signal that was, if one it was. */
  get signalName(): NodeJS.Signals | undefined {
    return this.reason instanceof InterruptedError ? this.reason.signalName : undefined;
  }

  /** Begins a clean shutdown after so many milliseconds, for that reason. */
  limit(ms: number, reason: Error): void {
    this.#limit = setTimeout(() => this.#controller.abort(reason), ms).unref();
  }

  /** Registers what the third Ctrl-C ends by force. */
  onKill(kill: () => void): void {
    this.#kills.add(kill);
  }

  /** Registers how many milliseconds a clean shutdown may still take; 0 while that is unknown. */
  onSecond(remainingMs: () => number): void {
    this.#remainingMs = remainingMs;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#limit);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, this.#onSignal);
  }

  /** The terminal, or the reader of our output, is gone. */
  hangUp(): void {
    this.#onSignal('SIGHUP');
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    if (name === 'SIGHUP' && this.signal.aborted) return;
    this.#count += 1;
    if (this.#count === 1) this.#controller.abort(new InterruptedError(name));
    if (this.#count === 2)
      writeRemark(`hawser: still shutting down${this.#howLong()}; press Ctrl-C again to stop immediately`);
    if (this.#count < 3) return;
    for (const kill of this.#kills) kill();
    process.exit(EXIT_CODES.interrupted);
  };

  #howLong(): string {
    const seconds = Math.ceil(this.#remainingMs() / 1000);
    return seconds > 0 ? ` (up to ${seconds} s)` : '';
  }
}
