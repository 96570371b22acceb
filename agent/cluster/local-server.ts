import { setTimeout as delay } from 'node:timers/promises';
import { Client, type MemberStatus, type TlsOptions, WorldError } from '../../world/direct.js';

const firstIntervalMs = 50;
const maxIntervalMs = 250;
const attemptMs = 2_000;

/** How this machine asks its own server. */
export interface LocalServerOptions {
  readonly endpoint: string;
  /** For an `https://` endpoint. */
  readonly tls?: TlsOptions | undefined;
}

/** The server of this machine as seen over etcd's own protocol. */
export class LocalServer implements AsyncDisposable {
  readonly #client: Client;

  constructor({ endpoint, tls }: LocalServerOptions) {
    this.#client = Client.connect({ endpoints: [endpoint], tls });
  }

  /** What the server says of itself, quorum or not; undefined when it says nothing in time. */
  async answers(options: { signal: AbortSignal; timeoutMs: number }): Promise<MemberStatus | undefined> {
    return orNotYet(this.#client.status(undefined, options), options.signal);
  }

  /**
   * Resolves when the server serves: it answers, knows a leader and, unless it is a learner, has read with a quorum.
   * Before that it takes connections and leaves them waiting. Rejects with the signal's reason.
   */
  async serves(signal: AbortSignal): Promise<MemberStatus> {
    for (let intervalMs = firstIntervalMs; ; intervalMs = Math.min(intervalMs * 1.5, maxIntervalMs)) {
      const status = await this.answers({ signal, timeoutMs: attemptMs });
      if (status !== undefined && status.leader !== '0') {
        if (status.isLearner || (await this.#readsWithQuorum(signal))) return status;
      }
      await delay(intervalMs, undefined, { signal });
    }
  }

  async #readsWithQuorum(signal: AbortSignal): Promise<boolean> {
    const read = this.#client.get('hawser/ready', { signal, timeoutMs: attemptMs });
    const answer = read.then(() => true).catch(refusedIsAnswered);
    return (await orNotYet(answer, signal)) ?? false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client.close();
  }
}

/** With etcd's authentication switched on a user is missing, which etcd knows with a quorum only. */
function refusedIsAnswered(error: unknown): boolean {
  if (error instanceof WorldError && error.code === 'permission-denied') return true;
  throw error;
}

async function orNotYet<T>(answer: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof WorldError) return undefined;
    throw error;
  }
}
