import { addAbortListener } from 'node:events';

/** One thing of a host that moves and comes to rest. */
export interface Mover extends Disposable {
  /** It begins to change something; said twice it counts once. */
  moving(): void;
  /** There is nothing left for it to do, whether that went well or not. */
  settled(): void;
  /** It is over; what is gone does not move. */
  [Symbol.dispose](): void;
}

/**
 * Knows whether a host has come to rest: whether anything that works on it still moves. What the World is told under
 * `/converged/$hostname` comes from here. It has no timer: how long the rest has lasted is for whoever waits to count.
 */
export class Converger {
  readonly #moving = new Map<symbol, string>();
  readonly #listeners = new Set<() => void>();

  /**
   * Registers something that may move. It counts as moving until it says otherwise, so that nobody takes a host for
   * converged that has only just begun.
   */
  mover(name: string): Mover {
    const key = Symbol(name);
    this.#set(key, name);
    return {
      moving: () => this.#set(key, name),
      settled: () => this.#set(key, undefined),
      [Symbol.dispose]: () => this.#set(key, undefined),
    };
  }

  /** Whether nothing moves. */
  get converged(): boolean {
    return this.#moving.size === 0;
  }

  /** The names of what moves, sorted. */
  get moving(): readonly string[] {
    return [...this.#moving.values()].sort();
  }

  /**
   * Yields whether the host is converged: now, and after each change. What went to and fro while the caller was busy comes as
   * one, with the newest value, so `true` may follow `true`: the rest was broken in between, and whoever publishes it must
   * write it again. Ends when the signal aborts.
   */
  async *changes({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<boolean, undefined> {
    let isFresh = true;
    let wake = (): void => {};
    const listener = (): void => {
      isFresh = true;
      wake();
    };
    this.#listeners.add(listener);
    using _ = addAbortListener(signal, () => wake());
    try {
      while (!signal.aborted) {
        if (isFresh) {
          isFresh = false;
          yield this.converged;
        } else {
          await new Promise<void>((resolve) => (wake = resolve));
        }
      }
    } finally {
      this.#listeners.delete(listener);
    }
    return undefined;
  }

  #set(key: symbol, name: string | undefined): void {
    const before = this.converged;
    if (name === undefined) this.#moving.delete(key);
    else this.#moving.set(key, name);
    if (this.converged !== before) for (const listener of this.#listeners) listener();
  }
}
