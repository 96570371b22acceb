import { setTimeout as delay } from 'node:timers/promises';
import { pause } from '../../../base/abort.js';
import { type Member, WorldError } from '../../../world/internal.js';
import { MAX_SERVER_RETRIES, SERVER_RETRY_WAIT_MS } from '../../constants.js';
import { AgentError } from '../../errors.js';
import type { Presence } from '../../presence.js';
import type { ConvergerUid } from '../../track-convergence.js';
import type { DataFolder } from './data-folder.js';
import { explainExit } from './describe-server-exit.js';
import { joinMembers, type ServerStart } from './etcd/etcd-arguments.js';
import { ServerFollower, type ServerFollowerOptions, type StopReason } from './follow-running-server.js';
import { hasOtherVoters } from './has-other-voters.js';
import { OwnNomination } from './own-nomination.js';
import type { ServerLauncher } from './server-launcher.js';
import type { ServerProcess } from './server-process.js';
import { untilDiskSpace } from './until-disk-space.js';
import { updatePeerUrls } from './update-peer-urls.js';

/** A server that ran this long starts with a clean record. */
const STABLE_AFTER_MS = 60_000;
const SLOW_POLL_MS = 500;
const READY_MS = 5000;
const REMOVED_EXIT_MS = 5000;

export interface HostServerOptions extends ServerFollowerOptions {
  readonly folder: DataFolder;
  readonly launcher: ServerLauncher;
  readonly presence: Presence;
  /** Not converged while a server starts, joins or leaves. */
  readonly convergerUid: ConvergerUid;
  /** Called when this host's server starts and stops serving clients. */
  readonly onServing: (isServing: boolean) => void;
}

/**
 * The etcd server of this host over its lifetime: it restarts with its data, joins when the host is nominated, and
 * leaves when the cluster removes it.
 */
export class HostServer {
  /** Whether the server was stopped because the ideal size is 0; only this class sets it. */
  isDrained = false;
  readonly #options: HostServerOptions;
  readonly #nomination: OwnNomination;
  #server: ServerProcess | undefined;
  /** Set while the server is being replaced or removed; the exit of the old one is then expected. */
  #replacing: Promise<void> | undefined;
  #retries = 0;

  constructor(options: HostServerOptions) {
    this.#options = options;
    this.#nomination = new OwnNomination(options);
  }

  /** The process, if it is running. */
  get process(): ServerProcess | undefined {
    return this.#server?.exit === undefined ? this.#server : undefined;
  }

  /** Starts a server that needs no nomination: one with data, the first of a new cluster, or a rebuilt one. */
  async start(start: ServerStart): Promise<void> {
    await this.#replace(async () => {
      this.isDrained = false;
      await this.process?.stop();
      this.#server = await this.#options.launcher.spawn(start);
    });
  }

  /**
   * Follows this host's nomination until the signal aborts; the server then still runs.
   * @throws AgentError `server-failed` if the server keeps exiting and there is no other member.
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#replacing;
      const server = this.#server;
      try {
        if (server === undefined) await this.#joinWhenNominated(signal);
        else await this.#keepUp(server, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof WorldError) || error.code === 'closed') throw error;
        this.#options.log('debug', `waiting to start the local etcd server: ${error.message}`);
        await pause(SLOW_POLL_MS, signal);
      }
    }
  }

  /** Kills the server immediately: for the third Ctrl-C. */
  kill(): void {
    this.#server?.kill();
  }

  /** Stops the server, if one runs, and keeps its data. */
  async stop(): Promise<void> {
    const server = this.process;
    this.#server = undefined;
    this.#options.onServing(false);
    await server?.stop();
  }

  /** Stops the server, if one runs, and moves its data aside: it is no longer a member. */
  async discard(): Promise<void> {
    await this.#replace(async () => {
      await this.stop();
      await this.#options.folder.moveDataAside();
    });
  }

  /** Starts with other data: that of a cluster of one, or that of before. @param exchange puts it in its place */
  async startWith(exchange: () => Promise<unknown>): Promise<void> {
    const { folder, launcher } = this.#options;
    await this.#replace(async () => {
      await this.stop();
      await exchange();
      this.isDrained = false;
      if (folder.hasData) this.#server = await launcher.spawn({ kind: 'restart' });
    });
  }

  /** Waits at most `ms` until etcd exits because it was removed from the cluster, and moves its data aside. */
  async isRemovedWithin(ms: number): Promise<boolean> {
    const server = this.#server;
    if (server === undefined) return true;
    await server.exitWithin(ms);
    if (server.exit?.why !== 'removed') return false;
    await this.discard();
    return true;
  }

  /** Whether it has not been replaced. */
  #isCurrent(server: ServerProcess): boolean {
    return this.#server === server && this.#replacing === undefined;
  }

  async #replace(act: () => Promise<void>): Promise<void> {
    const acting = act();
    const replacing = acting.catch(() => undefined); // the caller gets the failure
    this.#replacing = replacing;
    try {
      await acting;
    } finally {
      if (this.#replacing === replacing) this.#replacing = undefined;
      this.#options.wake.notify();
    }
  }

  /** Waits until this host is nominated, and joins. */
  async #joinWhenNominated(signal: AbortSignal): Promise<void> {
    const { wake, log, hostname, convergerUid } = this.#options;
    convergerUid.setConverged(true);
    if (this.isDrained) return wake.wait(undefined, signal);
    const memberId = await this.#nomination.next(signal);
    if (memberId === undefined) return;
    log('info', `${hostname} is nominated; starting its server`);
    convergerUid.setConverged(false);
    await this.#join(memberId, signal);
  }

  async #join(memberId: string, signal: AbortSignal): Promise<void> {
    const { client, folder, hostname, launcher, log } = this.#options;
    await folder.moveDataAside();
    for (let retries = 0; retries <= MAX_SERVER_RETRIES; retries += 1) {
      const members = await client.cluster.members({ signal });
      if (!members.some(({ id }) => id === memberId)) return;
      await folder.removeData();
      const server = await launcher.trySpawn({ kind: 'join', members: joinMembers(members, hostname) });
      this.#server = server;
      if (server !== undefined) {
        if ((await new ServerFollower(this.#options, server).answer(signal)) !== 'ended') return;
        this.#server = undefined;
        const exit = explainExit(await server.exited);
        log('warn', `the etcd server exited while joining the cluster (${exit}); trying again`);
      }
      await delay(SERVER_RETRY_WAIT_MS, undefined, { signal });
    }
    log('error', `${hostname} cannot join the cluster: its etcd server exits at every start`);
    this.#nomination.giveUp(memberId);
  }

  /** Keeps a server running until it is no longer wanted, and handles its end. */
  async #keepUp(server: ServerProcess, signal: AbortSignal): Promise<void> {
    const { onServing, log, hostname, folder } = this.#options;
    const since = performance.now();
    const reason = await this.#serve(server, signal);
    if (reason === 'aborted' || !this.#isCurrent(server)) return;
    onServing(false);
    if (reason === 'drained') {
      log('info', `the cluster was drained; restart the agent of ${hostname} to bring it back with its data`);
      this.isDrained = true;
      await folder.setDrained(true);
      return this.stop();
    }
    if (reason === 'ended') return this.#restart(server, performance.now() - since, signal);
    log('info', `${hostname} is no longer a member of the cluster; moving its data to ${folder.data}.old`);
    if (!(await this.isRemovedWithin(REMOVED_EXIT_MS))) await this.discard();
  }

  async #serve(server: ServerProcess, signal: AbortSignal): Promise<StopReason> {
    const { onServing, convergerUid, launcher, log, hostname } = this.#options;
    convergerUid.setConverged(false);
    const lifecycle = new ServerFollower(this.#options, server);
    const voter = await lifecycle.becomeVoter(signal);
    if (typeof voter === 'string') return voter;
    const isOwn = ({ id }: Member) => id === voter.memberId;
    await updatePeerUrls(this.#options, isOwn, launcher.addresses.advertisedServerUrls, {
      signal,
    });
    convergerUid.setConverged(true);
    onServing(true);
    log('info', `${hostname} is a voting member`);
    return lifecycle.untilUnwanted(voter.memberId, signal);
  }

  /** After a server exited by itself. */
  async #restart(server: ServerProcess, ranMs: number, signal: AbortSignal): Promise<void> {
    const { log, hostname, launcher, folder } = this.#options;
    const exit = await server.exited;
    if (exit.why === 'removed') {
      log('info', `${hostname} was removed from the cluster; moving its data to ${folder.data}.old`);
      return this.discard();
    }
    if (exit.why === 'disk-full') {
      log('error', `the disk of ${hostname} is full, so etcd exited; it restarts when there is space`);
      await untilDiskSpace(folder.folder, signal);
    } else {
      this.#retries = ranMs > STABLE_AFTER_MS ? 1 : this.#retries + 1;
      if (this.#retries > MAX_SERVER_RETRIES) return this.#giveUp(server, signal);
      log('warn', `the etcd server exited (${explainExit(exit)}); restarting it`);
      await delay(SERVER_RETRY_WAIT_MS, undefined, { signal });
    }
    if (this.#isCurrent(server)) this.#server = (await launcher.trySpawn({ kind: 'restart' })) ?? server;
  }

  /** If there are other members, this host rejoins as a new one; otherwise this is the only copy of the data. */
  async #giveUp(server: ServerProcess, signal: AbortSignal): Promise<void> {
    const { client, log, hostname, presence } = this.#options;
    const exit = await server.exited;
    const why = `The etcd server of ${hostname} exited ${this.#retries} times in a row, most recently with ${explainExit(exit)}.`;
    // Without a majority that answers, no other server can continue.
    if (!(await hasOtherVoters(client, hostname, { signal, timeoutMs: READY_MS })))
      throw new AgentError('server-failed', why, { logTail: exit.logTail });
    log(
      'error',
      `${why} The other servers continue; this host leaves the cluster and rejoins as a new member.`,
    );
    this.#retries = 0;
    presence.volunteer(undefined);
    await this.discard();
  }
}
