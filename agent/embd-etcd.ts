import { EventEmitter } from 'node:events';
import { type ClientWorld, CONVERGED_PATH } from '../world/without-ssh.js';
import { Assembly } from './assembly.js';
import { followFleet } from './cluster/follow-fleet.js';
import type { Participation } from './cluster/participation.js';
import { DataFolder } from './cluster/server/data-folder.js';
import { etcdProgram } from './cluster/server/etcd/program.js';
import { serverAddresses } from './cluster/server/local-endpoint.js';
import { undrain } from './cluster/undrain.js';
import type { AgentState } from './control/protocol.js';
import { reportOf } from './control/server-report.js';
import { ControlSocket } from './control/socket.js';
import { Converger } from './converger.js';
import { patiently } from './deploys/patience.js';
import { AgentError } from './errors.js';
import { happened } from './events.js';
import { warningsOf } from './options/exposure.js';
import { type EmbdEtcdOptions, type EtcdSettings, withDefaults } from './options/options.js';
import { validateEmbdEtcd } from './options/validate.js';
import { checkCertificates, checkPrefix } from './options/validate-files.js';
import { Mark } from './processes/strays.js';

const rebuildMs = 60_000;

/**
 * The elastic etcd of one host, by the seed's algorithm: told to make a new cluster it is the first server; with seeds it
 * connects as a client and volunteers; the elected host nominates volunteers until the cluster has its ideal size; who is
 * nominated runs a server, and stops it when the nomination is taken back.
 *
 * Its life: {@link validate}, {@link init}, {@link run} (meanwhile {@link ready}), {@link exited}, {@link cleanup}.
 */
export class EmbdEtcd {
  readonly converger: Converger;
  /** Resolves when this host is known to the fleet and can use it. Never, if {@link run} ends before. */
  readonly ready: Promise<void>;
  /** Resolves when {@link run} has ended and nothing of it is left. */
  readonly exited: Promise<void>;
  readonly #options: EtcdSettings;
  readonly #folder: DataFolder;
  readonly #happenings = new EventEmitter();
  #becomeReady = (): void => undefined;
  readonly #cleanedUp: Promise<void>;
  #exit = (): void => undefined;
  #cleanUp = (): void => undefined;
  #running = false;
  #assembly: Assembly | undefined;
  #socket: ControlSocket | undefined;
  #world: ClientWorld | undefined;
  #participation: Participation | undefined;
  #isServing = false;
  #error: Error | undefined;

  constructor(options: EmbdEtcdOptions = {}) {
    this.#options = withDefaults(options);
    this.#folder = new DataFolder(this.#options.prefix);
    this.converger = options.converger ?? new Converger();
    this.ready = new Promise((resolve) => (this.#becomeReady = resolve));
    this.exited = new Promise((resolve) => (this.#exit = resolve));
    this.#cleanedUp = new Promise((resolve) => (this.#cleanUp = resolve));
  }

  /**
   * @throws AgentError `invalid` for the first option that cannot work, with what it expects; `unsafe` for URLs by which
   * others could enter unasked.
   */
  validate(): void {
    validateEmbdEtcd(this.#options);
    if (this.#options.noServer !== true) warningsOf(this.#options);
  }

  /**
   * Takes the prefix for this process, ends the server that a killed agent has left on it, and finds the etcd program.
   * After it, {@link cleanup} has to be called.
   *
   * @throws AgentError `invalid`, `no-etcd`, `etcd-too-old`; `in-use` when another agent has the prefix.
   */
  async init(signal?: AbortSignal): Promise<void> {
    this.validate();
    const { environment, noServer, prefix, tls, log } = this.#options;
    checkPrefix(prefix);
    if (tls !== undefined) checkCertificates(tls, serverAddresses(this.#options));
    const program = noServer === true ? undefined : await etcdProgram(environment);
    this.#assembly = new Assembly(this.#options, this.#folder, program);
    this.#socket = await ControlSocket.open(prefix, {
      log,
      signal,
      state: () => this.#state(),
      rebuild: (options) => this.#rebuild(options.signal),
      rejoin: (seeds) => this.#rejoin(seeds),
    });
    // From here on the prefix is ours alone.
    await (await Mark.of(prefix)).endServer(log);
  }

  /**
   * Takes part in the cluster until the signal aborts, then leaves it in order: the others take over before the server
   * stops; the last server only stops, and keeps its data.
   *
   * @throws AgentError `no-fleet`, `server-failed`, `other-cluster`; WorldError `conflict` when another live agent has this hostname.
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
      await this.#folder.settled();
      this.#exit();
    }
  }

  /** What {@link run} failed with; waits until it has ended, or {@link cleanup} was called without it. */
  async err(): Promise<Error | undefined> {
    await Promise.race([this.exited, this.#cleanedUp]);
    return this.#error;
  }

  /**
   * Yields each time this host's server begins to serve clients from now on, at once if it does now. Nothing is missed
   * that happens before the iteration begins. Ends when the signal aborts.
   */
  serverReady(options: { readonly signal: AbortSignal }): AsyncIterable<void> {
    return happened(this.#happenings, 'ready', this.#isServing, options.signal);
  }

  /** The same for each time that this host's server stops serving clients. */
  serverExited(options: { readonly signal: AbortSignal }): AsyncIterable<void> {
    return happened(this.#happenings, 'exited', false, options.signal);
  }

  /** Gives the prefix back; idempotent. */
  async cleanup(): Promise<void> {
    await this.#assembly?.removeLinks();
    await this.#socket?.close();
    if (!this.#running) this.#cleanUp();
  }

  /** Ends the server at once: for the third ^C. */
  kill(): void {
    this.#participation?.kill();
  }

  /** The World over this host's way to the cluster, from {@link ready} on. */
  get world(): ClientWorld {
    if (this.#world === undefined)
      throw new AgentError('invalid', 'The agent has no World before it is ready.');
    return this.#world;
  }

  /** How long an orderly end that is under way will still wait at most. */
  get leavesWithinMs(): number {
    return this.#participation?.leavesWithinMs ?? 0;
  }

  /** Whether this host is the one that is elected to look after the cluster now. */
  get isElected(): boolean {
    return this.#participation?.isElected ?? false;
  }

  get #assembled(): Assembly {
    if (this.#assembly === undefined)
      throw new AgentError('invalid', 'The agent has to be initialised first.');
    return this.#assembly;
  }

  async #run(signal: AbortSignal): Promise<void> {
    this.#running = true;
    const { idealClusterSize, hostname, log } = this.#options;
    const assembly = this.#assembled;
    const failed = new AbortController();
    const over = AbortSignal.any([signal, failed.signal]);
    const beginning = await assembly.begin(signal);
    const { start, seeds, all } = beginning;
    signal.throwIfAborted();
    const world =
      start === undefined
        ? await assembly.reachSeeds(all, signal)
        : assembly.openWorld([assembly.local, ...all]);
    this.#world = world;
    const serving = (isServing: boolean) => this.#serving(isServing);
    const participation = await assembly.participate(world, beginning, this.converger, serving);
    this.#participation = participation;
    if (start !== undefined) {
      const what =
        start.kind === 'new' ? 'the first etcd server of a new cluster' : 'the etcd server and its data';
      log('info', `starting ${what} on ${hostname}`);
      await participation.own?.start(start);
      participation.willing(true);
    }
    if (this.#folder.isDrained) await undrain(world, this.#folder, log, over);
    const publishing = this.#publishConverged(participation, over);
    const comparing = start?.kind === 'restart' ? assembly.compare(seeds, over) : Promise.resolve();
    comparing.catch((error: unknown) => failed.abort(error));
    const seedsAlone = start === undefined ? assembly.seedsAlone(world) : undefined;
    const following = { client: world.client, folder: this.#folder, hostname, start, seeds: seedsAlone, log };
    const { founded, ended } = followFleet(following, over, (error) => failed.abort(error));
    const registered = async (): Promise<void> => {
      await founded;
      this.#becomeReady();
      if (idealClusterSize === undefined) return;
      // A cluster that is full takes it later.
      await patiently(() => world.idealClusterSizeSet(idealClusterSize, { signal: over }), {
        signal: over,
        log,
      });
    };
    await participation.run(over, () => void registered().catch((error: unknown) => failed.abort(error)));
    await Promise.all([publishing, ended]);
    if (failed.signal.aborted) throw failed.signal.reason;
  }

  #serving(isServing: boolean): void {
    // The server's way down may be told more than once.
    if (isServing === this.#isServing) return;
    this.#isServing = isServing;
    this.#happenings.emit(isServing ? 'ready' : 'exited');
  }

  async #state(): Promise<AgentState> {
    const { hostname, version } = this.#options;
    const server = await reportOf(
      this.#participation?.own,
      this.#folder,
      this.#assembled.clientUrls,
      (endpoints) => this.#assembled.look(endpoints),
    );
    return { hostname, version, pid: process.pid, server };
  }

  /** What the quorum has lost stays lost: this host's data becomes a cluster of one. */
  async #rebuild(signal: AbortSignal): Promise<void> {
    const own = this.#participation?.own;
    if (own === undefined || !this.#folder.hasData)
      throw new AgentError('invalid', `${this.#options.hostname} has no data to rebuild a cluster from.`);
    await own.start({ kind: 'rebuild' });
    await own.process?.ready({ signal, timeoutMs: rebuildMs });
    await this.#assembled.nextGeneration(this.#world, { signal, timeoutMs: rebuildMs });
    // The flag makes it a cluster of one at every start.
    await own.start({ kind: 'restart' });
    await own.process?.ready({ signal, timeoutMs: rebuildMs });
  }

  async #rejoin(seeds: readonly string[]): Promise<void> {
    await this.#participation?.own?.discard();
    await this.#folder.remember(seeds);
    this.#world?.client.setEndpoints(seeds);
  }

  async #publishConverged({ presence }: Participation, signal: AbortSignal): Promise<void> {
    const key = `${CONVERGED_PATH}${this.#options.hostname}`;
    for await (const converged of this.converger.changes({ signal })) presence.set(key, String(converged));
  }
}
