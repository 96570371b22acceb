import { EventEmitter, on } from 'node:events';

interface EventOptions {
  readonly signal: AbortSignal;
}

/** Whether this host's server serves clients, and each time that it starts or stops doing so. */
export class ServerAvailability {
  readonly #emitter = new EventEmitter();
  #isServing = false;

  /** Saying the same again is no event: a server that stops may say so more than once. */
  set(isServing: boolean): void {
    if (isServing === this.#isServing) return;
    this.#isServing = isServing;
    this.#emitter.emit(isServing ? 'ready' : 'exited');
  }

  /** Yields now if it serves, and each time that it starts to, from this call on. Ends when the signal aborts. */
  ready({ signal }: EventOptions): AsyncIterable<void> {
    return this.#each('ready', this.#isServing, signal);
  }

  /** Yields each time that it stops serving, from this call on. Ends when the signal aborts. */
  exited({ signal }: EventOptions): AsyncIterable<void> {
    return this.#each('exited', false, signal);
  }

  /** Listens from this call on, so nothing is missed before the iteration begins. */
  #each(event: string, isNow: boolean, signal: AbortSignal): AsyncIterable<void> {
    if (signal.aborted) return iterate([], false, signal);
    return iterate(on(this.#emitter, event, { signal }), isNow, signal);
  }
}

async function* iterate(
  later: AsyncIterable<unknown> | Iterable<unknown>,
  isNow: boolean,
  signal: AbortSignal,
): AsyncGenerator<void, undefined> {
  if (isNow) yield;
  try {
    for await (const _ of later) yield;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return undefined;
}
