import { addAbortListener, once } from 'node:events';
import { type ClientWorld, EtcdWorld, type Log } from '../world/index.js';
import { Follower } from './deploys/follow.js';
import { EmbdEtcd } from './embd-etcd.js';
import { AgentError } from './errors.js';
import { instanceOf } from './instance.js';
import { Presence } from './presence.js';
import { validateHostname } from './validate.js';

export interface AgentOptions {
  readonly hostname: string;
  /** An absolute folder: `etcd/`, `releases/`, `current`, `app.log`. */
  readonly prefix: string;
  readonly namespace: string;
  /** Etcd endpoints of a cluster to join; none for the first host. */
  readonly seeds: readonly string[];
  /** Reaches the seeds some other way than directly: through SSH. */
  readonly connectSeeds?: (signal: AbortSignal) => Promise<ClientWorld>;
  readonly clientUrls: readonly string[];
  readonly serverUrls: readonly string[];
  readonly aClientUrls?: readonly string[];
  readonly aServerUrls?: readonly string[];
  /** Be a client only: never run an etcd server here. */
  readonly noServer: boolean;
  /** Sets the fleet's wanted number of etcd servers. */
  readonly idealClusterSize?: number;
  readonly version: string;
  /** The etcd program comes from `HAWSER_ETCD` or the `PATH` in here; apps inherit it. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
}

/**
 * The agent of one host: runs an etcd server (or is a client of one), keeps the host's presence in the World, and
 * follows the deploy log.
 */
export class HostAgent {
  readonly #options: AgentOptions;
  readonly #etcd: EmbdEtcd | undefined;
  #follower: Follower | undefined;
  #serving = false;

  /** @throws AgentError `invalid` or `no-etcd` for options that cannot work. */
  constructor(options: AgentOptions) {
    validateHostname(options.hostname);
    this.#options = options;
    if (!options.noServer) {
      this.#etcd = new EmbdEtcd(options);
    } else if (!this.#hasSeeds) {
      throw new AgentError(
        'invalid',
        'A host without a server needs seeds: give --seeds, or leave out --no-server.',
      );
    }
  }

  /**
   * Runs until the signal aborts, then stops the app, withdraws from the World, leaves the cluster, and resolves.
   *
   * @throws AgentError, or WorldError `conflict` when another live agent has this hostname.
   */
  async run(signal: AbortSignal): Promise<void> {
    const instance = await instanceOf(this.#options.prefix);
    const ending = new AbortController();
    using _ = addAbortListener(signal, () => ending.abort(signal.reason));
    const tasks: Promise<void>[] = [];
    const inBackground = (task: Promise<void>) =>
      tasks.push(task.catch((error: unknown) => ending.abort(error)));

    let world: ClientWorld | undefined;
    try {
      const server = await this.#startOwnServer(ending.signal);
      world = server === 'voter' ? this.#localWorld() : await this.#seedWorld(ending.signal);
      const presence = this.#presence(world, instance);
      await this.#register(presence, inBackground, ending.signal);
      await this.#setIdealClusterSize(world, ending.signal);
      this.#follower = new Follower({ ...this.#options, world });
      inBackground(this.#follower.run(ending.signal));
      inBackground(world.schedulerRun({ signal: ending.signal }));
      inBackground(this.#serve(world, server, presence, ending.signal));
      if (!ending.signal.aborted) await once(ending.signal, 'abort');
    } catch (error) {
      ending.abort(error);
    }
    await Promise.all(tasks);
    await world?.close();
    await this.#etcd?.leave();
    if (!signal.aborted) throw ending.signal.reason;
  }

  /** Ends everything at once: for the third ^C. */
  kill(): void {
    this.#follower?.kill();
    this.#etcd?.kill();
  }

  get #hasSeeds(): boolean {
    return this.#options.seeds.length > 0 || this.#options.connectSeeds !== undefined;
  }

  /** Brings up a server that needs nobody: one with data, or the first of a new cluster. */
  async #startOwnServer(signal: AbortSignal): Promise<'voter' | 'learner' | 'absent'> {
    signal.throwIfAborted();
    if (this.#etcd === undefined) return 'absent';
    const found = await this.#etcd.restart(signal);
    if (found !== 'absent' || this.#hasSeeds) return found;
    await this.#etcd.startNew(signal);
    return 'voter';
  }

  /** Joins the cluster where that is still to be done, and keeps the server up. */
  async #serve(
    world: ClientWorld,
    server: 'voter' | 'learner' | 'absent',
    presence: Presence,
    signal: AbortSignal,
  ): Promise<void> {
    const etcd = this.#etcd;
    if (etcd === undefined) return;
    if (server === 'learner') await etcd.promote(world.client, signal);
    if (server === 'absent') {
      if (!(await this.#isWanted(world, signal))) return;
      await etcd.join(world.client, signal);
    }
    // From here on this host is reached without the others; through SSH the tunnel stays the way.
    if (server !== 'voter' && this.#options.connectSeeds === undefined)
      world.client.setEndpoints([etcd.localUrl]);
    this.#serving = true;
    presence.refresh();
    await etcd.supervise(signal);
  }

  async #isWanted(world: ClientWorld, signal: AbortSignal): Promise<boolean> {
    const [members, size] = await Promise.all([
      world.members({ signal }),
      world.idealClusterSizeGet({ signal }),
    ]);
    if (members.filter((member) => member.name !== this.#options.hostname).length < size) return true;
    this.#options.log('info', `the cluster has its ${size} members; this host stays a client`);
    return false;
  }

  #presence(world: ClientWorld, instance: string): Presence {
    const { hostname, version, log } = this.#options;
    const agent = { hostname, instance, version, startedAt: new Date().toISOString(), pid: process.pid };
    const endpoints = () => (this.#serving && this.#etcd ? this.#etcd.advertisedClientUrls.join(',') : '');
    return new Presence({ world, agent, endpoints, log });
  }

  async #register(
    presence: Presence,
    inBackground: (task: Promise<void>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const registered = new AbortController();
    const run = presence.run(signal, () => registered.abort());
    inBackground(run);
    await Promise.race([run, once(registered.signal, 'abort')]);
    signal.throwIfAborted();
  }

  async #setIdealClusterSize(world: ClientWorld, signal: AbortSignal): Promise<void> {
    const { idealClusterSize } = this.#options;
    if (idealClusterSize !== undefined) await world.idealClusterSizeSet(idealClusterSize, { signal });
  }

  #localWorld(): ClientWorld {
    const { hostname, namespace, log } = this.#options;
    if (this.#etcd === undefined) throw new AgentError('invalid', 'This host runs no server.');
    return EtcdWorld.connect({ endpoints: [this.#etcd.localUrl], hostname, namespace, log });
  }

  async #seedWorld(signal: AbortSignal): Promise<ClientWorld> {
    const { hostname, namespace, seeds, connectSeeds, log } = this.#options;
    if (connectSeeds !== undefined) return connectSeeds(signal);
    log('info', `reaching the cluster at ${seeds.join(', ')}`);
    return EtcdWorld.connect({ endpoints: seeds, hostname, namespace, log });
  }
}
