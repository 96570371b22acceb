import type { Agent, ClientWorld } from '../world/internal.js';
import { agentRecord } from './agent-record.js';
import { ClusterParticipant } from './cluster/cluster-participant.js';
import { EtcdClientFactory } from './cluster/etcd-client-factory.js';
import { maintainFleetIdentity } from './cluster/maintain-fleet-identity.js';
import { type RebuildContext, rebuildCluster } from './cluster/rebuild-cluster.js';
import { restoreCluster } from './cluster/restore-cluster.js';
import { serverAddresses } from './cluster/server/addresses/server-addresses.js';
import { DataFolder } from './cluster/server/data-folder.js';
import { findEtcdProgram } from './cluster/server/etcd/find-etcd-program.js';
import { ServerLauncher } from './cluster/server/server-launcher.js';
import { ClusterIdentity } from './cluster/start/ask-other-servers.js';
import { decideStart, type StartDecision } from './cluster/start/prepare-start.js';
import { StopIntent } from './cluster/stop-intent.js';
import { readServerReport } from './control/build-server-report.js';
import type { AgentState } from './control/control-protocol.js';
import { PrefixLock } from './control/prefix-lock.js';
import { retryWhileUnavailable } from './deploys/retry-while-unavailable.js';
import { AgentError } from './errors.js';
import type { AgentFigures } from './metrics/host-figures.js';
import { readServerFigures } from './metrics/read-server-figures.js';
import { checkCertificates } from './options/check-certificates.js';
import { type EmbdEtcdOptions, type EtcdSettings, withDefaults } from './options/embd-etcd-options.js';
import { exposureWarnings } from './options/exposure-warnings.js';
import { validateEmbdEtcd } from './options/validate-embd-etcd.js';
import { checkPrefix } from './prefix/check-prefix.js';
import { ProcessMark } from './processes/process-mark.js';
import { ServerAvailability } from './server-availability.js';
import { Converger } from './track-convergence.js';

/**
 * The elastic etcd of one host, by the seed's algorithm: a host that creates a cluster is its first server; a host
 * with seeds connects as a client and volunteers; the elected host nominates volunteers until the cluster has its
 * ideal size; a nominated host runs a server, and stops it when its nomination is withdrawn.
 *
 * Its life cycle: {@link validate}, {@link init}, {@link run} (meanwhile {@link ready}), {@link exited}, {@link
 * cleanup}.
 */
export class EmbdEtcd {
  readonly converger: Converger;
  /** Resolves when this host is registered with the fleet and can use it. Never, if {@link run} ends first. */
  readonly ready: Promise<void>;
  /** Resolves when {@link run} has ended and everything it started is gone. */
  readonly exited: Promise<void>;
  readonly #options: EtcdSettings;
  readonly #folder: DataFolder;
  readonly #connections: EtcdClientFactory;
  readonly #serving = new ServerAvailability();
  #becomeReady = (): void => undefined;
  readonly #cleanedUp: Promise<void>;
  #exit = (): void => undefined;
  #cleanUp = (): void => undefined;
  #running = false;
  #launcher: ServerLauncher | undefined;
  #socket: PrefixLock | undefined;
  #world: ClientWorld | undefined;
  #agent: Agent | undefined;
  #participation: ClusterParticipant | undefined;
  #error: Error | undefined;

  constructor(options: EmbdEtcdOptions = {}) {
    this.#options = withDefaults(options);
    this.#folder = new DataFolder(this.#options.prefix);
    this.#connections = new EtcdClientFactory(this.#options, this.#folder);
    this.converger = options.converger ?? new Converger();
    this.ready = new Promise((resolve) => (this.#becomeReady = resolve));
    this.exited = new Promise((resolve) => (this.#exit = resolve));
    this.#cleanedUp = new Promise((resolve) => (this.#cleanUp = resolve));
  }

  /** @throws AgentError `invalid` for the first invalid option; `unsafe` for URLs that would let others connect. */
  validate(): void {
    validateEmbdEtcd(this.#options);
    if (this.#options.noServer !== true) exposureWarnings(this.#options);
  }

  /**
   * Locks the prefix, kills a server that a killed agent left on it, and finds the etcd program. Call {@link cleanup}
   * afterwards.
   *
   * @throws AgentError `invalid`, `no-etcd`, `etcd-too-old`; `in-use` if another agent has the prefix. Rejects with
   * the signal's reason.
   */
  async init(signal?: AbortSignal): Promise<void> {
    this.validate();
    const { environment, noServer, prefix, tls, log } = this.#options;
    checkPrefix(prefix);
    if (tls !== undefined) checkCertificates(tls, serverAddresses(this.#options));
    const program = noServer === true ? undefined : await findEtcdProgram(environment);
    this.#launcher = new ServerLauncher(this.#options, this.#folder, program);
    this.#socket = await PrefixLock.open(prefix, {
      log,
      signal,
      state: () => this.#state(),
      rebuild: async (options) => rebuildCluster(this.#rebuildContext(), options.signal),
      rejoin: (seeds) => this.#rejoin(seeds),
      restore: async (snapshot, options) => restoreCluster(this.#rebuildContext(), snapshot, options.signal),
    });
    // From here on, this agent holds the prefix.
    await (await ProcessMark.of(prefix)).killOrphanedServer(log);
    if (await this.#folder.undoRestore())
      log('warn', 'a restore did not come to its end: going on with the data of before it');
  }

  /**
   * Takes part in the cluster until the signal aborts, then leaves it cleanly and resolves: the others take over
   * before the server stops; the last server, and any with `staysMember`, only stops and keeps its data.
   *
   * @throws AgentError `no-fleet`, `server-failed`, `other-cluster`; WorldError `conflict` if another running agent
   * has this hostname.
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#run(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#error = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      await this.#world?.close();
      await this.#folder.flushed();
      this.#exit();
    }
  }

  /** What {@link run} failed with, if it did. Waits until it has ended, or {@link cleanup} was called without it. */
  async err(): Promise<Error | undefined> {
    await Promise.race([this.exited, this.#cleanedUp]);
    return this.#error;
  }

  /** Yields when this host's server starts serving clients, now if it does already. Ends when the signal aborts. */
  serverReady(options: { readonly signal: AbortSignal }): AsyncIterable<void> {
    return this.#serving.ready(options);
  }

  /** The same for each time that this host's server stops serving clients. */
  serverExited(options: { readonly signal: AbortSignal }): AsyncIterable<void> {
    return this.#serving.exited(options);
  }

  /** Releases the prefix; idempotent. */
  async cleanup(): Promise<void> {
    await this.#launcher?.removeLinks();
    await this.#socket?.close();
    if (!this.#running) this.#cleanUp();
  }

  /** Kills the server immediately: for the third Ctrl-C. */
  kill(): void {
    this.#participation?.kill();
  }

  /** The World as this host reaches it, from {@link ready} on. @throws AgentError `invalid` before that. */
  get world(): ClientWorld {
    if (this.#world === undefined)
      throw new AgentError('invalid', 'The agent has no World until it is ready.');
    return this.#world;
  }

  /** What this host tells the fleet of its agent; undefined before {@link ready}. */
  get agent(): Agent | undefined {
    return this.#agent;
  }

  /** How many more milliseconds a clean shutdown in progress will wait at most. */
  get leavesWithinMs(): number {
    return this.#participation?.leavesWithinMs ?? 0;
  }

  /** Whether this host is elected to manage the cluster. */
  get isElected(): boolean {
    return this.#participation?.isElected ?? false;
  }

  /** What this host knows of its part in the fleet; asks nobody but its own server. */
  async figures(): Promise<AgentFigures> {
    const { hostname, version } = this.#options;
    const { isRegistered = false } = this.#participation?.presence ?? {};
    const { health = {}, certificate } = this.#participation?.announcements ?? {};
    return {
      ...{ hostname, version, isRegistered, health, certificate },
      fleet: this.#folder.fleet?.uuid,
      isElected: this.isElected,
      isConverged: this.converger.converged,
      server: await readServerFigures(this.#participation?.server, this.#connections),
    };
  }

  get #initialised(): ServerLauncher {
    if (this.#launcher === undefined) throw new AgentError('invalid', 'Call init() first.');
    return this.#launcher;
  }

  async #run(signal: AbortSignal): Promise<void> {
    this.#running = true;
    const { hostname, log } = this.#options;
    const launcher = this.#initialised;
    const failed = new AbortController();
    const fail = (error: unknown): void => failed.abort(error);
    const over = AbortSignal.any([signal, failed.signal]);
    const decision = await decideStart(this.#options, this.#folder, launcher, signal);
    const { start, seeds, all } = decision;
    signal.throwIfAborted();
    const world =
      start === undefined
        ? await this.#connections.openWorldAtSeeds(all, signal)
        : this.#connections.openWorld([launcher.addresses.localEndpoint, ...all], start.kind === 'new');
    this.#world = world;
    const others = all.filter((url) => !launcher.addresses.localUrls.includes(url));
    const clusterIdentity = new ClusterIdentity((urls) => this.#connections.toAny(urls), others);
    const participation = await this.#participate(world, decision, clusterIdentity);
    await participation.start(start, over);
    if (start?.kind === 'restart')
      clusterIdentity.compare(launcher.addresses.localEndpoint, seeds, over).catch(fail);
    const { founded, ended } = maintainFleetIdentity(
      {
        ...{ client: world.client, folder: this.#folder, hostname, start, wanted: this.#options.fleet, log },
        seeds: start === undefined ? this.#connections.toSeedsOnly(world) : undefined,
        ownServer: () => this.#connections.toAny([launcher.addresses.localEndpoint]),
      },
      over,
      fail,
    );
    await participation.run(over, () => void this.#registered(world, founded, over).catch(fail));
    await ended;
    if (failed.signal.aborted) throw failed.signal.reason;
  }

  async #participate(
    world: ClientWorld,
    { seeds, runsServer }: StartDecision,
    clusterIdentity: ClusterIdentity,
  ): Promise<ClusterParticipant> {
    const launcher = runsServer ? this.#launcher : undefined;
    const { fleet: wantedFleet, log } = this.#options;
    const agent = await agentRecord(this.#options, launcher);
    this.#agent = agent;
    this.#participation = new ClusterParticipant({
      ...{ world, seeds, launcher, clusterIdentity, wantedFleet, log },
      stopping: new StopIntent(this.#options),
      agent,
      ...{ folder: this.#folder, connections: this.#connections, converger: this.converger },
      onServing: (isServing) => this.#serving.set(isServing),
    });
    return this.#participation;
  }

  async #registered(world: ClientWorld, founded: Promise<void>, signal: AbortSignal): Promise<void> {
    const { idealClusterSize, log } = this.#options;
    await founded;
    this.#becomeReady();
    if (idealClusterSize === undefined) return;
    // A full cluster accepts it later.
    await retryWhileUnavailable(() => world.idealClusterSizeSet(idealClusterSize, { signal }), {
      signal,
      log,
    });
  }

  async #state(): Promise<AgentState> {
    const { hostname, version } = this.#options;
    const hostServer = this.#participation?.server;
    const server = await readServerReport(hostServer, this.#folder, this.#initialised, this.#connections);
    return { hostname, version, pid: process.pid, server };
  }

  #rebuildContext(): RebuildContext {
    if (this.#participation === undefined) throw new AgentError('invalid', 'This agent is still starting.');
    return this.#participation.rebuildContext;
  }

  async #rejoin(seeds: readonly string[]): Promise<void> {
    await this.#participation?.server?.discard();
    await this.#folder.remember(seeds);
    this.#world?.client.setEndpoints(seeds);
  }
}
