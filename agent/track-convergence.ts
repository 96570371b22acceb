import { Notify } from '../base/notify.js';

/** One activity of a host that can be converged or not: what mgmt calls a converger UID. */
export interface ConvergerUid extends Disposable {
  /** The name it was registered by. */
  readonly name: string;
  readonly isConverged: boolean;
  /** Says whether there is nothing left to do, whether it went well or not. Saying the same again changes nothing. */
  setConverged(isConverged: boolean): void;
  /** Ends the registration: what is gone no longer keeps the host from being converged. Idempotent. */
  unregister(): void;
  /** The same as {@link ConvergerUid.unregister}. */
  [Symbol.dispose](): void;
}

/**
 * Tracks whether a host has converged: whether everything that changes something on it has nothing left to do. An agent
 * publishes it under `/converged/$hostname`. It has no timer: how long a host has been converged is for the reader to
 * measure.
 */
export class Converger {
  readonly #unconverged = new Map<symbol, string>();
  readonly #readers = new Set<Notify>();

  /** Registers an activity. It counts as not converged until it says otherwise, so a host that just started is not converged. */
  register(name: string): ConvergerUid {
    const key = Symbol(name);
    const set = (isConverged: boolean): void => this.#set(key, isConverged ? undefined : name);
    const unconverged = this.#unconverged;
    set(false);
    return {
      name,
      get isConverged() {
        return !unconverged.has(key);
      },
      setConverged: set,
      unregister: () => set(true),
      [Symbol.dispose]: () => set(true),
    };
  }

  /** Whether everything that is registered is converged. */
  get converged(): boolean {
    return this.#unconverged.size === 0;
  }

  /** The names of what is not converged, sorted. */
  get unconverged(): readonly string[] {
    return [...this.#unconverged.values()].sort();
  }

  /**
   * Yields whether the host is converged: now, and after each change. Changes while the caller is busy are merged into one
   * with the newest value, so `true` may follow `true`: the host was not converged in between, so a publisher must write
   * the value again. Ends when the signal aborts.
   */
  async *changes({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<boolean, undefined> {
    const changed = new Notify();
    this.#readers.add(changed);
    try {
      while (!signal.aborted) {
        yield this.converged;
        await changed.wait(undefined, signal);
      }
    } finally {
      this.#readers.delete(changed);
    }
    return undefined;
  }

  #set(key: symbol, name: string | undefined): void {
    const before = this.converged;
    if (name === undefined) this.#unconverged.delete(key);
    else this.#unconverged.set(key, name);
    if (this.converged !== before) for (const reader of this.#readers) reader.notify();
  }
}
