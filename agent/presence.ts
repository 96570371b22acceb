import { pause } from '../base/abort.js';
import { Notify } from '../base/notify.js';
import {
  type Agent,
  type Client,
  ENDPOINTS_PREFIX,
  type Log,
  registerAgent,
  SESSION_TTL_SECONDS,
  type Session,
  type TxnOp,
  VOLUNTEER_PREFIX,
  WorldError,
} from '../world/internal.js';

const RETRY_MS = 500;

export interface PresenceOptions {
  readonly client: Client;
  readonly agent: Agent;
  readonly log: Log;
}

/**
 * The keys of this host in etcd, bound to one session: its agent's record and the keys given to {@link Presence.set}.
 * All of them are written again after a session is lost, and disappear within the session's TTL of ten seconds if the
 * agent dies.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #wanted = new Map<string, string | undefined>();
  readonly #written = new Map<string, string>();
  readonly #changed = new Notify();
  readonly #renewed = new Notify();
  #session: Session | undefined;
  #lastProblem = '';
  #outlives = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /**
   * Publishes a key, or deletes it (`undefined`); soon, and again in each new session. A value that is already
   * published is written again, because readers may count from the write.
   */
  set(key: string, value: string | undefined): void {
    if (value === undefined && !this.#wanted.has(key)) return;
    this.#wanted.set(key, value);
    if (value !== undefined) this.#written.delete(key);
    this.#changed.notify();
  }

  /** Volunteers to run a server at these URLs, or no longer (`undefined`). */
  volunteer(serverUrls: readonly string[] | undefined): void {
    this.set(`${VOLUNTEER_PREFIX}${this.#options.agent.hostname}`, serverUrls?.join(','));
  }

  /** Advertises the server of this host to clients at these URLs, or no longer (`undefined`). */
  advertise(clientUrls: readonly string[] | undefined): void {
    this.set(`${ENDPOINTS_PREFIX}${this.#options.agent.hostname}`, clientUrls?.join(','));
  }

  /** Leaves the keys behind at the end, until the session's TTL is over. */
  outlive(): void {
    this.#outlives = true;
  }

  /** The current session, as soon as there is one. For one caller at a time. */
  async session(signal: AbortSignal): Promise<Session> {
    while (this.#session === undefined) {
      signal.throwIfAborted();
      await this.#renewed.wait(undefined, signal);
    }
    return this.#session;
  }

  /** Whether this host's record is in etcd, as far as it knows: then no other agent has its name. */
  get isRegistered(): boolean {
    return this.#session !== undefined;
  }

  /**
   * Runs until the signal aborts; the keys are then deleted immediately, except after {@link outlive}.
   *
   * @param registered called each time the host's record has been written.
   * @throws WorldError `conflict` if another running agent has this hostname, saying where it runs.
   */
  async run(signal: AbortSignal, registered: () => void): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#hold(signal, registered);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof WorldError) || error.code === 'conflict' || error.code === 'closed')
          throw error;
        this.#logOnce(error.message);
        await pause(RETRY_MS, signal);
      }
    }
  }

  async #hold(signal: AbortSignal, registered: () => void): Promise<void> {
    const { client, agent, log } = this.#options;
    await using session = await client.session({ ttlSeconds: SESSION_TTL_SECONDS }, { signal });
    const over = AbortSignal.any([signal, session.expired]);
    // In one transaction: an agent that runs but does not volunteer is taken for a leaving one.
    const wanted = [...this.#wanted];
    const also = wanted.map(([key, value]) => opFor(key, value, session));
    await registerAgent(client, agent, session, { signal, log, also });
    this.#written.clear();
    for (const [key, value] of wanted) this.#note(key, value);
    await this.#write(session, over);
    if (this.#lastProblem !== '') log('info', 'this host is registered with the fleet again');
    this.#lastProblem = '';
    this.#session = session;
    this.#renewed.notify();
    registered();
    try {
      while (!over.aborted) {
        await this.#changed.wait(undefined, over);
        if (!over.aborted) await this.#write(session, over);
      }
    } finally {
      this.#session = undefined;
      if (this.#outlives) await session.abandon();
    }
  }

  /** Writes what has changed since the last write. */
  async #write(session: Session, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    for (const [key, value] of [...this.#wanted]) {
      if (this.#written.get(key) === value) continue;
      await client.txn({ success: [opFor(key, value, session)] }, { signal, repeatable: true });
      this.#note(key, value);
    }
  }

  #note(key: string, value: string | undefined): void {
    if (value === undefined) this.#written.delete(key);
    else this.#written.set(key, value);
  }

  /** Logs the same problem only once. */
  #logOnce(problem: string): void {
    if (problem !== this.#lastProblem)
      this.#options.log('warn', `cannot register this host with the fleet: ${problem}`);
    this.#lastProblem = problem;
  }
}

function opFor(key: string, value: string | undefined, { lease }: Session): TxnOp {
  return value === undefined ? { delete: key } : { put: key, value, lease };
}
