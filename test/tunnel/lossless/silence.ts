/** How long nothing happened. */
export class Silence {
  longestMs = 0;
  #since = performance.now();
  #waiting: (() => void)[] = [];

  /** Something happened. */
  break(): void {
    const now = performance.now();
    this.longestMs = Math.max(this.longestMs, now - this.#since);
    this.#since = now;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** The next time that something happens. */
  broken(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
