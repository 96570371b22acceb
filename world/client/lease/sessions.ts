import type { CallOptions } from '../../call-options.js';
import { Session, type SessionContext } from './session.js';

/** The sessions that a client opened and that are not wholly closed yet. */
export class Sessions {
  readonly #context: SessionContext;
  readonly #open = new Set<Session>();
  #isClosed = false;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  async open(ttlSeconds: number, options?: CallOptions): Promise<Session> {
    const session = await Session.open(this.#context, ttlSeconds, options);
    this.#open.add(session);
    // It is ours until it is wholly closed, so that closing the client waits for a revocation under way.
    const ended = async (): Promise<void> => {
      await session.close();
      this.#open.delete(session);
    };
    session.expired.addEventListener('abort', () => queueMicrotask(() => void ended()), { once: true });
    if (this.#isClosed) await session.close();
    return session;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open].map((session) => session.close()));
  }
}
