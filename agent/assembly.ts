import { hostname } from 'node:os';
import {
  type CallOptions,
  Client,
  type ClientWorld,
  EtcdWorld,
  type FleetIdentity,
  raiseGeneration,
  type TlsOptions,
} from '../world/without-ssh.js';
import { ClientLink } from './cluster/client-link.js';
import { Participation } from './cluster/participation.js';
import type { DataFolder } from './cluster/server/data-folder.js';
import { asClient, type ServerStart } from './cluster/server/etcd/flags.js';
import {
  localEndpoint,
  noNetworkUrls,
  type ServerAddresses,
  serverAddresses,
  socketPath,
  socketPaths,
} from './cluster/server/local-endpoint.js';
import { ServerProcess } from './cluster/server/server-process.js';
import { ClusterIdentity } from './cluster/start/cluster-identity.js';
import { type Beginning, begin } from './cluster/start/decide-start.js';
import { heardFromCluster } from './cluster/start/fork-guard.js';
import type { Converger } from './converger.js';
import { AgentError } from './errors.js';
import type { EtcdSettings } from './options/options.js';
import { instanceOf } from './prefix/instance.js';
import { Mark, SERVER_MARK } from './processes/strays.js';

/** Puts the parts of one agent together as its options say. */
export class Assembly {
  readonly #options: EtcdSettings;
  readonly #folder: DataFolder;
  readonly #addresses: ServerAddresses;
  /** The etcd program; undefined on a host that runs no server. */
  readonly #program: string | undefined;
  readonly #links: readonly ClientLink[];

  constructor(options: EtcdSettings, folder: DataFolder, program: string | undefined) {
    this.#options = options;
    this.#addresses = serverAddresses(options);
    this.#folder = folder;
    this.#program = program;
    const target = socketPath(noNetworkUrls.client, folder.folder);
    this.#links = socketPaths(options.clientUrls).map((link) => new ClientLink(link, target));
  }

  /** Decides how to begin, as {@link begin}. */
  begin(signal: AbortSignal): Promise<Beginning> {
    const guard = (abort: AbortSignal) => this.refuseFork(abort);
    const own = [...this.clientUrls, this.local];
    return begin({ options: this.#options, folder: this.#folder, own, guard }, signal);
  }

  /** The World at these endpoints. */
  openWorld(endpoints: readonly string[]): ClientWorld {
    const { hostname, namespace, user, log } = this.#options;
    const fleet = this.#fleet;
    return EtcdWorld.create({ endpoints, hostname, namespace, fleet, tls: this.#tls, user, log });
  }

  /** A client of nothing but the seeds that a person gave; undefined where none were given. */
  seedsAlone(world: ClientWorld): (() => Client) | undefined {
    const { seeds, connectSeeds } = this.#options;
    if (connectSeeds !== undefined) return () => world.client.namespace('');
    return seeds.length > 0 ? () => this.connect(seeds) : undefined;
  }

  /** The World at the seeds, however they are reached. */
  async reachSeeds(endpoints: readonly string[], signal: AbortSignal): Promise<ClientWorld> {
    const { connectSeeds, log } = this.#options;
    if (connectSeeds !== undefined) {
      const world = await connectSeeds(signal);
      if (this.#fleet !== undefined) world.client.knowFleet(this.#fleet);
      return world;
    }
    log('info', `reaching the cluster at ${endpoints.join(', ')}`);
    return this.openWorld(endpoints);
  }

  async participate(
    world: ClientWorld,
    { all, seeds, runsServer }: Beginning,
    converger: Converger,
    serving: (isServing: boolean) => void,
  ): Promise<Participation> {
    const { prefix, version, labels, connectSeeds, log } = this.#options;
    const agent = {
      hostname: this.#options.hostname,
      version,
      instance: await instanceOf(prefix),
      startedAt: new Date().toISOString(),
      pid: process.pid,
      ...(labels === undefined ? {} : { labels }),
      ...(runsServer ? { address: this.#address } : {}),
    };
    const others = all.filter((url) => !this.clientUrls.includes(url) && url !== this.local);
    const rivals = new ClusterIdentity((urls) => this.look(urls), others);
    return new Participation({
      world,
      agent,
      folder: this.#folder,
      seeds,
      isDirect: connectSeeds === undefined,
      connect: (urls) => this.connect(urls),
      converger,
      log,
      serving,
      server: runsServer
        ? {
            advertisedClientUrls: this.clientUrls,
            advertisedServerUrls: this.#addresses.advertisedServerUrls,
            spawn: (start) => this.#spawn(start),
            isRemovedElsewhere: (own, signal) => rivals.haveRemoved(own, signal),
          }
        : undefined,
    });
  }

  /** An agent shows the others' servers the certificate that its own server shows to clients. */
  get #tls(): TlsOptions | undefined {
    return this.#options.clientTls ?? asClient(this.#options.tls?.client);
  }

  /** The fleet that this host belongs to, or is to join. */
  get #fleet(): FleetIdentity | undefined {
    return this.#folder.fleet ?? this.#options.fleet;
  }

  /** Where this agent is, for a person who looks for it. */
  get #address(): string {
    const [url = this.local] = this.clientUrls;
    return url.startsWith('unix:') ? hostname() : new URL(url).host;
  }

  async #spawn(start: ServerStart): Promise<ServerProcess> {
    if (this.#program === undefined) throw new AgentError('invalid', 'This host is to run no server.');
    const { hostname, prefix, tls, quotaBackendBytes, environment, log } = this.#options;
    for (const link of this.#links) await link.make();
    return ServerProcess.start({
      name: hostname,
      program: this.#program,
      environment,
      mark: `${SERVER_MARK}=${(await Mark.of(prefix)).value}`,
      folder: this.#folder.folder,
      dataFolder: this.#folder.data,
      ...this.#addresses,
      tls,
      quotaBackendBytes,
      start,
      log,
    });
  }

  /** A client of these endpoints, in the fleet's namespace and kept to the fleet. */
  connect(endpoints: readonly string[]): Client {
    const { namespace, user, log } = this.#options;
    return Client.create({ endpoints, namespace, fleet: this.#fleet, tls: this.#tls, user, log });
  }

  /** A client that looks at servers, of whatever fleet they are. */
  look(endpoints: readonly string[]): Client {
    const { namespace, user, log } = this.#options;
    return Client.create({ endpoints, namespace, fleet: 'any', tls: this.#tls, user, log });
  }

  /** Takes away what clients on this machine found the server by. */
  async removeLinks(): Promise<void> {
    for (const link of this.#links) await link.remove();
  }

  /** How this machine reaches its own server. */
  get local(): string {
    return localEndpoint(this.#addresses, this.#folder.folder);
  }

  /** What others are told to use. */
  get clientUrls(): readonly string[] {
    const { advertisedClientUrls } = this.#addresses;
    if (!advertisedClientUrls.includes(noNetworkUrls.client)) return advertisedClientUrls;
    // etcd knows its sockets by names that mean nothing outside its folder.
    const [link] = socketPaths(this.#options.clientUrls);
    return [link === undefined ? this.local : `unix://${link}`];
  }

  /**
   * Before the first server of a new cluster is started.
   *
   * @throws AgentError `other-cluster` when a cluster counts on a server of this host, which has lost its data.
   */
  async refuseFork(signal: AbortSignal): Promise<void> {
    const { hostname: name, tls } = this.#options;
    const heard = await heardFromCluster(this.#addresses.serverUrls, { signal, peerTls: tls?.peer });
    if (heard === undefined) return;
    const seeds = heard.clientUrls.length > 0 ? heard.clientUrls.join(',') : 'the client URL of one of them';
    throw new AgentError(
      'other-cluster',
      `The servers at ${heard.peerUrls.join(', ')} count on a member of their cluster here, but ${name} has no data ` +
        `of it. A new cluster would be a second one: start this host with --seeds ${seeds} to join theirs again.`,
    );
  }

  /** What this host leaves behind by a rebuild is told from the fleet from now on, wherever it still runs. */
  async nextGeneration(world: ClientWorld | undefined, call: CallOptions): Promise<void> {
    await using client = this.connect([this.local]);
    const fleet = await raiseGeneration(client, call);
    await this.#folder.rememberFleet(fleet);
    world?.client.knowFleet(fleet);
  }

  /** @throws AgentError `other-cluster` when the seeds are not of the cluster that this host's data is of. */
  async compare(seeds: readonly string[], signal: AbortSignal): Promise<void> {
    if (seeds.length === 0) return;
    const rivals = new ClusterIdentity((endpoints) => this.look(endpoints), []);
    await rivals.compare(this.local, seeds, signal);
  }
}
