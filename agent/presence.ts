import { setTimeout as delay } from 'node:timers/promises';
import {
  type Agent,
  type ClientWorld,
  type Log,
  registerAgent,
  SESSION_TTL_SECONDS,
  WorldError,
} from '../world/index.js';

const retryMs = 500;

export interface PresenceOptions {
  readonly world: ClientWorld;
  readonly agent: Agent;
  /** Comma-separated client URLs to publish under `/endpoints/$hostname`; empty while no server runs here. */
  readonly endpoints: () => string;
  readonly log: Log;
}

/**
 * Keeps this host's entries in the World alive through a session, and makes them anew whenever the session was
 * lost. When the agent dies, they go within the session's TTL of ten seconds.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #refresh = new EventTarget();

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** Publishes what {@link PresenceOptions.endpoints} says now. */
  refresh(): void {
    this.#refresh.dispatchEvent(new Event('refresh'));
  }

  /**
   * Runs until the signal aborts; the entries go with it.
   *
   * @param registered called each time the host's entry stands.
   * @throws WorldError `conflict` when another live agent has this hostname, saying where it runs.
   */
  async run(signal: AbortSignal, registered: () => void): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#hold(signal, registered);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof WorldError) || error.code === 'conflict') throw error;
        this.#options.log('warn', `this host's presence is not published: ${error.message}`);
        await delay(retryMs, undefined, { signal }).catch((reason: unknown) => {
          if (!signal.aborted) throw reason;
        });
      }
    }
  }

  async #hold(signal: AbortSignal, registered: () => void): Promise<void> {
    const { world, agent, endpoints } = this.#options;
    await using session = await world.client.session({ ttlSeconds: SESSION_TTL_SECONDS }, { signal });
    await registerAgent(world.client, agent, session, { signal });
    registered();
    for (;;) {
      const urls = endpoints();
      if (urls !== '')
        await world.client.set(`/endpoints/${agent.hostname}`, urls, { lease: session.lease, signal });
      if ((await this.#next(session.expired, signal)) === 'over') return;
    }
  }

  async #next(expired: AbortSignal, signal: AbortSignal): Promise<'refresh' | 'over'> {
    const done = new AbortController();
    try {
      return await new Promise<'refresh' | 'over'>((resolve) => {
        const over = () => resolve('over');
        if (expired.aborted || signal.aborted) over();
        expired.addEventListener('abort', over, { signal: done.signal });
        signal.addEventListener('abort', over, { signal: done.signal });
        this.#refresh.addEventListener('refresh', () => resolve('refresh'), { signal: done.signal });
      });
    } finally {
      done.abort();
    }
  }
}
