/** A time limit that can be paused, such as while a person is asked. */
export class PausableTimeout implements Disposable {
  readonly #onOver: () => void;
  #leftMs: number;
  #runningSince = 0;
  #pauses = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Calls `onOver` after `limitMs` milliseconds, not counting pauses, unless it is disposed of first. */
  constructor(limitMs: number, onOver: () => void) {
    this.#leftMs = limitMs;
    this.#onOver = onOver;
    this.#run();
  }

  /** Stops the clock until the returned function is called; pauses may overlap. */
  pause(): () => void {
    if (this.#pauses === 0) this.#halt();
    this.#pauses += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#pauses -= 1;
      if (this.#pauses === 0) this.#run();
    };
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    // A later resume must not restart it.
    this.#pauses += 1;
  }

  #run(): void {
    this.#runningSince = performance.now();
    this.#timer = setTimeout(this.#onOver, this.#leftMs);
  }

  #halt(): void {
    clearTimeout(this.#timer);
    this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - this.#runningSince));
  }
}
