import type { Clock } from '../../../tunnel/transport/liveness/keepalive.js';

/** A clock that a test moves on. */
export class MovableClock implements Clock {
  readonly #looks: (() => void)[] = [];
  #monotonicMs = 0;
  #wallMs = 0;

  readonly monotonicMs = (): number => this.#monotonicMs;
  readonly wallMs = (): number => this.#wallMs;
  readonly every = (_: number, look: () => void): (() => void) => {
    this.#looks.push(look);
    return () => this.#looks.splice(0);
  };

  /** Time passes, with a look at the clock each second. */
  wait(seconds: number): void {
    for (let second = 0; second < seconds; second += 1) this.#pass(1_000, 1_000);
  }

  /** The machine sleeps. */
  sleep(seconds: number): void {
    this.#pass(1_000, 1_000 + seconds * 1_000);
  }

  /** Our own process stands still. */
  stall(seconds: number): void {
    this.#pass(seconds * 1_000, seconds * 1_000);
  }

  #pass(monotonicMs: number, wallMs: number): void {
    this.#monotonicMs += monotonicMs;
    this.#wallMs += wallMs;
    for (const look of [...this.#looks]) look();
  }
}
