import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Client,
  type MemberStatus,
  parseEndpoint,
  type TlsOptions,
  WorldError,
} from '../../../world/internal.js';

const CONNECT_INTERVAL_MS = 20;
const FIRST_INTERVAL_MS = 50;
const MAX_INTERVAL_MS = 250;
const ATTEMPT_MS = 2_000;

/** How this machine reaches its own server. */
export interface ServerProbeOptions {
  readonly endpoint: string;
  /** For an `https://` endpoint. */
  readonly tls?: TlsOptions | undefined;
}

/** The server of this machine, seen through etcd's own protocol. */
export class ServerProbe implements AsyncDisposable {
  readonly #client: Client;
  readonly #endpoint: string;

  constructor({ endpoint, tls }: ServerProbeOptions) {
    this.#endpoint = endpoint;
    this.#client = Client.create({ endpoints: [endpoint], tls, fleet: 'any' });
  }

  /** The server's status, with or without a quorum; undefined if it does not answer in time. */
  async status(options: { signal: AbortSignal; timeoutMs: number }): Promise<MemberStatus | undefined> {
    return orNotYet(this.#client.cluster.status(undefined, options), options.signal);
  }

  /**
   * Resolves when the server serves: it answers, knows a leader and, unless it is a learner, has completed a read
   * with a quorum. Before that it accepts connections without answering. Rejects with the signal's reason.
   */
  async untilServing(signal: AbortSignal): Promise<MemberStatus> {
    // gRPC backs off between connection attempts, and a starting server refuses several.
    while (!(await takesConnections(this.#endpoint, signal)))
      await delay(CONNECT_INTERVAL_MS, undefined, { signal });
    for (let intervalMs = FIRST_INTERVAL_MS; ; intervalMs = Math.min(intervalMs * 1.5, MAX_INTERVAL_MS)) {
      const status = await this.status({ signal, timeoutMs: ATTEMPT_MS });
      if (status !== undefined && status.leader !== '0') {
        if (status.isLearner || (await this.#readsWithQuorum(signal))) return status;
      }
      await delay(intervalMs, undefined, { signal });
    }
  }

  async #readsWithQuorum(signal: AbortSignal): Promise<boolean> {
    const read = this.#client.get('hawser/ready', { signal, timeoutMs: ATTEMPT_MS });
    const answer = read.then(() => true).catch(refusedIsAnswered);
    return (await orNotYet(answer, signal)) ?? false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client.close();
  }
}

/** A local connection is accepted immediately, whether the server is ready or not. */
async function takesConnections(endpoint: string, signal: AbortSignal): Promise<boolean> {
  const parsed = parseEndpoint(endpoint);
  const socket = connect(parsed.scheme === 'unix' ? { path: parsed.path } : { ...parsed });
  try {
    await once(socket, 'connect', { signal });
    return true;
  } catch {
    signal.throwIfAborted();
    return false; // refused, or not listening yet
  } finally {
    socket.destroy();
  }
}

/** With etcd's authentication enabled, this needs a user; etcd can only tell that with a quorum. */
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
