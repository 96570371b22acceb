import {
  Client,
  type ClientWorld,
  EtcdWorld,
  type FleetIdentity,
  type TlsOptions,
} from '../../world/internal.js';
import type { EtcdSettings } from '../options/embd-etcd-options.js';
import type { DataFolder } from './server/data-folder.js';
import { asClient } from './server/etcd/etcd-arguments.js';

/** How this host connects to etcd servers: with its certificate and user, in the fleet's namespace. */
export class EtcdClientFactory {
  readonly #settings: EtcdSettings;
  readonly #folder: DataFolder;

  constructor(settings: EtcdSettings, folder: DataFolder) {
    this.#settings = settings;
    this.#folder = folder;
  }

  /** Whether other servers can be reached directly, and not only through SSH. */
  get isDirect(): boolean {
    return this.#settings.connectSeeds === undefined;
  }

  /** A client of these endpoints, which must be of this host's fleet. */
  toFleet(endpoints: readonly string[]): Client {
    return this.#client(endpoints, this.#fleet);
  }

  /** A client of servers of any fleet, to find out which one they are of. */
  toAny(endpoints: readonly string[]): Client {
    return this.#client(endpoints, 'any');
  }

  /** The World at these endpoints. @param isNew whether its cluster has no identity yet, and is about to get one */
  openWorld(endpoints: readonly string[], isNew = false): ClientWorld {
    const { hostname, namespace, user, log } = this.#settings;
    const fleet = isNew ? undefined : this.#fleet;
    return EtcdWorld.create({ seeds: endpoints, hostname, namespace, fleet, tls: this.#tls, user, log });
  }

  /** The World at the seeds, directly or through SSH. */
  async openWorldAtSeeds(endpoints: readonly string[], signal: AbortSignal): Promise<ClientWorld> {
    const { connectSeeds, log } = this.#settings;
    if (connectSeeds !== undefined) {
      const world = await connectSeeds(signal);
      if (this.#fleet !== undefined) world.client.knowFleet(this.#fleet);
      return world;
    }
    log('info', `connecting to the cluster at ${endpoints.join(', ')}`);
    return this.openWorld(endpoints);
  }

  /** Creates a client of only the seeds that a person gave; undefined if none were given. */
  toSeedsOnly(world: ClientWorld): (() => Client) | undefined {
    const { seeds } = this.#settings;
    const { endpoints } = world.client;
    // Where the World knows no others, it is such a client itself.
    const isWorld = endpoints.length === seeds.length && endpoints.every((url) => seeds.includes(url));
    if (!this.isDirect || isWorld) return () => world.client.namespace('');
    return seeds.length > 0 ? () => this.toFleet(seeds) : undefined;
  }

  #client(endpoints: readonly string[], fleet: FleetIdentity | 'any' | undefined): Client {
    const { namespace, user, log } = this.#settings;
    return Client.create({ endpoints, namespace, fleet, tls: this.#tls, user, log });
  }

  /** The fleet that this host belongs to or should join. */
  get #fleet(): FleetIdentity | undefined {
    return this.#folder.fleet ?? this.#settings.fleet;
  }

  /** To other servers an agent presents the certificate that its own server presents to clients. */
  get #tls(): TlsOptions | undefined {
    return this.#settings.clientTls ?? asClient(this.#settings.tls?.client);
  }
}
