import { Notify } from '../../base/notify.js';
import type { TunnelError } from '../errors.js';
import type { Destination } from '../parse-destination.js';

/** The state of a tunnel. */
export interface TunnelState {
  /**
   * `connecting`: trying right now, after the connection was lost. `connected`: usable, through the destination `via`.
   * `waiting`: the last attempt failed for a temporary `reason`, the next one is at `retryAt`.
   * `failed`: given up, because only a person can fix the `reason`. `closed`: by its owner.
   */
  readonly status: 'connecting' | 'connected' | 'waiting' | 'failed' | 'closed';
  readonly since: Date;
  /** Why it is not connected; undefined when it is, or was closed. */
  readonly reason?: TunnelError | undefined;
  readonly via?: Destination | undefined;
  /** For `connected`: the fingerprint (`SHA256:…`) of the key that the host accepted at login; absent where it is not known. */
  readonly loginKey?: string | undefined;
  readonly retryAt?: Date | undefined;
}

/** A reader that falls behind by more changes than this misses the oldest. */
const MAX_PENDING = 64;

/** The current state of a tunnel, and who listens for changes. */
export class TunnelStates {
  #current: TunnelState;
  readonly #listeners = new Set<(state: TunnelState) => void>();

  constructor(first: TunnelState) {
    this.#current = first;
  }

  get current(): TunnelState {
    return this.#current;
  }

  /** Changes the state and tells all listeners; nothing follows `closed`. */
  change(state: TunnelState): void {
    if (this.#current.status === 'closed') return;
    this.#current = state;
    for (const listener of [...this.#listeners]) listener(state);
  }

  /** Calls back at each change until the returned function is called. */
  listen(listener: (state: TunnelState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The current state, then each change; ends after `closed`, or when the signal aborts. */
  async *follow({
    signal = new AbortController().signal,
  }: {
    readonly signal?: AbortSignal | undefined;
  } = {}): AsyncGenerator<TunnelState, void, void> {
    const pending = [this.#current];
    const changed = new Notify();
    const stopListening = this.listen((state) => {
      pending.push(state);
      if (pending.length > MAX_PENDING) pending.shift();
      changed.notify();
    });
    try {
      while (!signal.aborted) {
        const state = pending.shift();
        if (state === undefined) await changed.wait(undefined, signal);
        else yield state;
        if (state?.status === 'closed') return;
      }
    } finally {
      stopListening();
    }
  }
}
