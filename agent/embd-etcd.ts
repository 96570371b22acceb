import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Log } from '../world/index.js';
import type { ServerStart } from './cluster/etcd-flags.js';
import { etcdProgram } from './cluster/etcd-program.js';
import { leaveCluster } from './cluster/leave.js';
import { addLearner, promote, removeMember } from './cluster/membership.js';
import { describeExit, ServerProcess } from './cluster/server-process.js';
import { AgentError } from './errors.js';
import { validateEmbdEtcd } from './validate.js';

/** How often a server that ends by itself is started again before the agent gives up (the seed's MaxServerRetries). */
export const maxServerRetries = 5;

/** The pause between two such starts (the seed's ServerRetryWait). */
export const serverRetryWaitMs = 500;

/** A server that ran this long starts with a clean record. */
const steadyMs = 60_000;

/** How long leaving the cluster may take at an orderly end, before the server is stopped all the same. */
export const leaveTimeoutMs = 15_000;

export interface EmbdEtcdOptions {
  /** The unique identifier of this host. */
  readonly hostname: string;
  /** An absolute folder for everything that is kept. */
  readonly prefix: string;
  /** Where the server listens for clients; the first is also what this agent itself uses. */
  readonly clientUrls: readonly string[];
  /** Where the server listens for its peers. */
  readonly serverUrls: readonly string[];
  /** What other hosts are told to use. Default: the listening URLs. */
  readonly aClientUrls?: readonly string[];
  readonly aServerUrls?: readonly string[];
  readonly namespace: string;
  /** The etcd program comes from `HAWSER_ETCD` or the `PATH` in here. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
}

/**
 * The etcd server of one host: a real etcd as a child process, which joins a cluster as a learner, becomes a
 * voter, and leaves in order. One of {@link restart}, {@link startNew} and {@link join} brings it up,
 * {@link supervise} keeps it up, {@link leave} ends it.
 */
export class EmbdEtcd {
  readonly #options: EmbdEtcdOptions;
  readonly #program: string;
  #server: ServerProcess | undefined;

  /** @throws AgentError `invalid` for options that cannot work, naming what is expected; `no-etcd` */
  constructor(options: EmbdEtcdOptions) {
    validateEmbdEtcd(options);
    this.#options = options;
    this.#program = etcdProgram(options.environment);
  }

  /** Where this agent itself reaches its server. */
  get localUrl(): string {
    const [url] = this.#options.clientUrls;
    if (url === undefined) throw new AgentError('invalid', 'A server needs a client URL to listen on.');
    return url;
  }

  /** What the other hosts are told to use: by default the client URLs that are not on our loopback, if any is. */
  get advertisedClientUrls(): readonly string[] {
    const { aClientUrls, clientUrls } = this.#options;
    if (aClientUrls !== undefined) return aClientUrls;
    const reachable = clientUrls.filter((url) => !isLoopback(url));
    return reachable.length > 0 ? reachable : clientUrls;
  }

  /**
   * Comes back with the data of an earlier run: as the `voter` or `learner` that it was. `absent`: there is no
   * data, or the cluster has removed this host meanwhile (its data is then moved aside, to `etcd/data.old`).
   *
   * @throws AgentError `server-failed`
   */
  async restart(signal: AbortSignal): Promise<'voter' | 'learner' | 'absent'> {
    if (!existsSync(path.join(this.#dataFolder, 'member', 'wal'))) return 'absent';
    const server = await this.#spawn({ kind: 'restart' });
    try {
      await server.ready({ signal });
    } catch (error) {
      // A removed member ends with code 0 (measured on etcd 3.4 and 3.5); anything else is a real failure.
      if (signal.aborted || server.exit?.code !== 0) throw error;
      this.#options.log('warn', `${this.#options.hostname} was removed from its cluster while it was away`);
      await this.#moveDataAside();
      return 'absent';
    }
    await using local = this.#localClient();
    return (await local.status(this.localUrl, { signal })).isLearner ? 'learner' : 'voter';
  }

  /** Starts the first server of a new cluster. @throws AgentError `server-failed` */
  async startNew(signal: AbortSignal): Promise<void> {
    this.#options.log('info', `starting the first etcd server of a new cluster on ${this.#options.hostname}`);
    const server = await this.#spawn({ kind: 'new' });
    await server.ready({ signal });
  }

  /**
   * Joins the cluster that `client` reaches, as a learner first; resolves when this host votes. When it cannot get
   * that far, the learner is taken back.
   *
   * @throws AgentError `join-failed` or `server-failed`
   */
  async join(client: Client, signal: AbortSignal): Promise<void> {
    const { hostname, log } = this.#options;
    log('info', `joining the cluster as ${hostname}`);
    const own = { name: hostname, peerUrls: this.#advertisedServerUrls };
    const { id, members } = await addLearner(client, own, signal);
    try {
      await rm(this.#dataFolder, { recursive: true, force: true });
      const server = await this.#spawn({ kind: 'join', members });
      await server.ready({ signal });
      await promote(client, id, signal);
      log('info', `${hostname} is a voting member`);
    } catch (error) {
      await this.#server?.stop();
      this.#server = undefined;
      await removeMember(client, id, AbortSignal.timeout(leaveTimeoutMs)).catch((removal: unknown) =>
        log('warn', `could not take back the learner that did not start: ${String(removal)}`),
      );
      throw error;
    }
  }

  /** Makes a voter of the learner that {@link restart} found. */
  async promote(client: Client, signal: AbortSignal): Promise<void> {
    await using local = this.#localClient();
    const { memberId } = await local.status(this.localUrl, { signal });
    await promote(client, memberId, signal);
  }

  /**
   * Starts the server again whenever it ends by itself, until the signal aborts.
   *
   * @throws AgentError `server-failed` when that happens too often in a row, or when another host removed us.
   */
  async supervise(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<'aborted'>((resolve) => {
      if (signal.aborted) resolve('aborted');
      signal.addEventListener('abort', () => resolve('aborted'), { once: true });
    });
    for (let retries = 0; ; retries += 1) {
      const since = performance.now();
      const event = await Promise.race([aborted, this.#server?.exited]);
      if (performance.now() - since > steadyMs) retries = 0;
      if (event === 'aborted' || event === undefined) return;
      const how = describeExit(event);
      if (event.code === 0) {
        throw new AgentError(
          'server-failed',
          `${this.#options.hostname} was removed from the cluster by another host.`,
        );
      }
      if (retries >= maxServerRetries) {
        throw new AgentError(
          'server-failed',
          `The etcd server ended ${retries + 1} times in a row, last with ${how}.`,
        );
      }
      this.#options.log('warn', `the etcd server ended (${how}); starting it again`);
      await delay(serverRetryWaitMs, undefined, { signal });
      const server = await this.#spawn({ kind: 'restart' });
      await server.ready({ signal });
    }
  }

  /** Ends the server at once: for the third ^C. */
  kill(): void {
    this.#server?.kill();
  }

  /** Leaves through the other members and stops; the last member only stops, and keeps its data. */
  async leave(): Promise<void> {
    const server = this.#server;
    if (server === undefined || server.exit !== undefined) return;
    try {
      if (await leaveCluster(this.localUrl, this.#options.log, AbortSignal.timeout(leaveTimeoutMs))) {
        await server.stopAfterRemoval(5_000);
        await this.#moveDataAside();
      }
    } catch (error) {
      this.#options.log('warn', `stopping without having left the cluster: ${String(error)}`);
    }
    await server.stop();
  }

  async #spawn(start: ServerStart): Promise<ServerProcess> {
    const { hostname, clientUrls, serverUrls, environment } = this.#options;
    this.#server = await ServerProcess.start({
      name: hostname,
      program: this.#program,
      environment,
      folder: this.#folder,
      dataFolder: this.#dataFolder,
      clientUrls,
      serverUrls,
      advertisedClientUrls: this.advertisedClientUrls,
      advertisedServerUrls: this.#advertisedServerUrls,
      start,
    });
    return this.#server;
  }

  async #moveDataAside(): Promise<void> {
    const aside = path.join(this.#folder, 'data.old');
    await rm(aside, { recursive: true, force: true });
    await rename(this.#dataFolder, aside);
  }

  get #advertisedServerUrls(): readonly string[] {
    return this.#options.aServerUrls ?? this.#options.serverUrls;
  }

  get #folder(): string {
    return path.join(this.#options.prefix, 'etcd');
  }

  get #dataFolder(): string {
    return path.join(this.#folder, 'data');
  }

  #localClient(): Client {
    return Client.connect({ endpoints: [this.localUrl], log: this.#options.log });
  }
}

function isLoopback(url: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);
}
