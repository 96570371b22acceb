import { onAbort } from '../../base/abort.js';

/** How many logins may be under way at once. */
export interface LoginLimits {
  /** In all. Default 32. */
  readonly overall?: number | undefined;
  /** At one SSH server; sshd drops some of more than ten (MaxStartups). Default 8. */
  readonly perServer?: number | undefined;
}

/** One SSH server as the limiter sees it. */
interface Server {
  /** Halves with each login that was dropped, grows slowly with those that were not. */
  limit: number;
  underWay: number;
}

interface Waiter {
  readonly server: string;
  readonly start: () => void;
}

/**
 * Holds concurrent logins under what SSH servers and bastions take: whoever starts one waits for its turn here,
 * in the order of asking as far as servers allow.
 */
export class LoginLimiter {
  readonly #overall: number;
  readonly #perServer: number;
  readonly #servers = new Map<string, Server>();
  readonly #waiting: Waiter[] = [];
  #underWay = 0;

  constructor({ overall = 32, perServer = 8 }: LoginLimits = {}) {
    this.#overall = overall;
    this.#perServer = perServer;
  }

  /**
   * Settles when a login at this server may start; the returned function is to be called when it is over.
   * An aborted signal gives the place in the queue up.
   */
  async acquire(server: string, { signal }: { readonly signal: AbortSignal }): Promise<() => void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const unlisten = onAbort([signal], () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason);
      });
      const start = () => {
        unlisten();
        resolve();
      };
      const waiter = { server, start };
      this.#waiting.push(waiter);
      this.#admit();
    });
    let isOver = false;
    return () => {
      if (!isOver) this.#leave(server);
      isOver = true;
    };
  }

  /** A server let a login through: it may get one more at a time, up to what it began with. */
  succeeded(server: string): void {
    const state = this.#servers.get(server);
    if (state) state.limit = Math.min(this.#perServer, state.limit + 1 / state.limit);
  }

  /** A server hung up on a login before anything was said: it gets half as many at a time. */
  dropped(server: string): void {
    const state = this.#serverOf(server);
    state.limit = Math.max(1, state.limit / 2);
  }

  /** How many logins may be under way at a server now. */
  limitOf(server: string): number {
    return Math.floor(this.#servers.get(server)?.limit ?? this.#perServer);
  }

  #leave(server: string): void {
    this.#underWay -= 1;
    const state = this.#serverOf(server);
    state.underWay -= 1;
    if (state.underWay === 0 && state.limit >= this.#perServer) this.#servers.delete(server);
    this.#admit();
  }

  #admit(): void {
    // Over a copy: those that go leave the queue.
    for (const waiter of [...this.#waiting]) {
      if (this.#underWay >= this.#overall) return;
      const state = this.#serverOf(waiter.server);
      if (state.underWay >= Math.floor(state.limit)) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      this.#underWay += 1;
      state.underWay += 1;
      waiter.start();
    }
  }

  #serverOf(server: string): Server {
    const known = this.#servers.get(server) ?? { limit: this.#perServer, underWay: 0 };
    this.#servers.set(server, known);
    return known;
  }
}

/** The one that all tunnels of this process share, for servers count all of their logins together. */
export const processLoginLimiter = new LoginLimiter();
