import { onAbort } from '../../base/abort.js';

/** How many logins may be in progress at once. */
export interface LoginLimits {
  /** In all. Default 32. */
  readonly overall?: number | undefined;
  /** At one SSH server; sshd drops some of more than ten (MaxStartups). Default 8. */
  readonly perServer?: number | undefined;
}

/** The logins at one SSH server. */
interface Server {
  /** Halves with each dropped login, grows slowly with the others. */
  limit: number;
  underWay: number;
}

interface Waiter {
  readonly server: string;
  readonly start: () => void;
}

/**
 * Keeps concurrent logins below what SSH servers and bastions accept. Logins wait here for their turn, first come, first
 * served as far as the servers allow.
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
   * Resolves when a login at this server may start; call the returned function when it is over. An abort leaves the
   * queue and rejects with `signal.reason`.
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

  /** A login got through: the server may get one more at a time, up to the initial limit. */
  succeeded(server: string): void {
    const state = this.#servers.get(server);
    if (state) state.limit = Math.min(this.#perServer, state.limit + 1 / state.limit);
  }

  /** The server hung up on a login before it said anything: it gets half as many at a time. */
  dropped(server: string): void {
    const state = this.#serverOf(server);
    state.limit = Math.max(1, state.limit / 2);
  }

  /** How many logins may be in progress at a server now. */
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
    // A copy, because those that start leave the queue.
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

/** Shared by all tunnels of this process, because a server counts all their logins together. */
export const processLoginLimiter = new LoginLimiter();
