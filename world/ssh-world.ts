import { hostname as ownHostname } from 'node:os';
import type { Log } from '../base/log.js';
import { type Forward, formatDestination, Tunnel, type TunnelOptions } from '../tunnel/index.js';
import type { CallOptions } from './call-options.js';
import { type Endpoint, parseEndpoint } from './client/calls/endpoint.js';
import type { EndpointDescription } from './client/calls/endpoint-set.js';
import { Client } from './client/client.js';
import type { EtcdUser } from './client/login.js';
import type { TlsOptions } from './client/tls/tls-options.js';
import { answered } from './client/until-answered.js';
import { ClientWorld } from './client-world.js';
import { DEFAULT_CLIENT_URL } from './constants.js';
import type { FleetIdentity } from './fleet/fleet-identity.js';
import type { FsOptions } from './fs/file-systems.js';
import { toPlace } from './fs/storage/places.js';
import { DEFAULT_NAMESPACE } from './keys.js';
import { checkHostname } from './names.js';

export interface SshWorldOptions extends FsOptions {
  /** The way in: options of one that the World opens and closes, or one that is open, that others use too and that outlives the World. */
  readonly tunnel: TunnelOptions | Tunnel;
  /** Addresses of etcd as seen from the SSH host, such as `http://127.0.0.1:2379`. */
  readonly seeds: readonly string[];
  /** For `https://` seeds, whose certificates must be for the host that the seed names. */
  readonly tls?: TlsOptions | undefined;
  /** For an etcd with authentication switched on. */
  readonly user?: EtcdUser | undefined;
  /** Who we are. */
  readonly hostname: string;
  /** Default {@link DEFAULT_NAMESPACE}. */
  readonly namespace?: string;
  /** The fleet that it must be; seeds of another are refused with `other-fleet`. Default: the one that is met first. */
  readonly fleet?: FleetIdentity | undefined;
  readonly log?: Log | undefined;
}

/** The options of {@link SshWorld.open}. */
export interface SshWorldOpenOptions extends Omit<SshWorldOptions, 'seeds' | 'hostname'> {
  /** Addresses of etcd as seen from the SSH host. Default {@link DEFAULT_CLIENT_URL}. */
  readonly seeds?: readonly string[];
  /** Who we are. Default: the name of this machine. */
  readonly hostname?: string;
}

interface SshWorldSetup {
  readonly fsOptions: FsOptions;
  readonly tunnel: Tunnel;
  readonly opened: readonly AsyncDisposable[];
  readonly hostname: string;
  readonly log: Log | undefined;
}

/** The World of a fleet that is reached through SSH: an EtcdWorld whose client dials forwards of a tunnel. */
export class SshWorld extends ClientWorld {
  /** For its state, and for forwards of one's own. */
  readonly tunnel: Tunnel;
  /** What the World opened, the last first. */
  readonly #opened: readonly AsyncDisposable[];
  #closing: Promise<void> | undefined;

  /**
   * As {@link SshWorld.connect}, and then waits until one of the seeds has answered. An abort rejects with
   * `signal.reason`; whatever it rejects with, nothing stays open.
   * @param call `timeoutMs` is how long the seeds may take once the tunnel is open, default {@link CLIENT_DIAL_TIMEOUT_MS}.
   * @throws as {@link SshWorld.connect} and {@link EtcdWorld.open}.
   */
  static async open(options: SshWorldOpenOptions, call: CallOptions = {}): Promise<SshWorld> {
    const { seeds = [DEFAULT_CLIENT_URL], hostname = ownHostname(), ...others } = options;
    const { signal } = call;
    const world = await SshWorld.connect(
      { ...others, seeds, hostname },
      signal === undefined ? {} : { signal },
    );
    try {
      await answered(world.client, call);
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  /**
   * Opens the tunnel, unless it is open, and one forward for each seed. Whether etcd answers shows at the first call.
   * @throws TunnelError as {@link Tunnel.open}; WorldError `invalid` for a seed, hostname, prefix or certificate file that cannot be.
   */
  static async connect(
    options: SshWorldOptions,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<SshWorld> {
    const { hostname, namespace = DEFAULT_NAMESPACE, log } = options;
    checkHostname(hostname);
    toPlace(options);
    const endpoints = options.seeds.map(parseEndpoint);
    const targets = endpoints.map(toTarget);
    const isOurs = !(options.tunnel instanceof Tunnel);
    const tunnel =
      options.tunnel instanceof Tunnel
        ? options.tunnel
        : await Tunnel.open({ probe: targets, ...options.tunnel }, signal === undefined ? {} : { signal });
    const opened: AsyncDisposable[] = isOurs ? [tunnel] : [];
    try {
      const forwards = new Map<string, { seed: string; endpoint: Endpoint; forward: Forward }>();
      for (const [index, endpoint] of endpoints.entries()) {
        const forward = await tunnel.forward(toTarget(endpoint), { signal });
        opened.unshift(forward);
        forwards.set(forward.address, { forward, endpoint, seed: options.seeds[index] ?? '' });
      }
      const describe = (address: string): EndpointDescription => {
        const known = forwards.get(address);
        if (known === undefined) return { name: address };
        const { via } = tunnel.state;
        const way = via === undefined ? '' : ` through ${formatDestination(via)}`;
        return { name: `${known.seed}${way}`, trouble: known.forward.lastRefusal?.message };
      };
      const secureHost = (address: string): string | undefined => {
        const behind = forwards.get(address)?.endpoint;
        return behind?.scheme === 'https' ? behind.host : undefined;
      };
      const client = Client.create({
        ...{ endpoints: [...forwards.keys()], namespace, tls: options.tls, user: options.user },
        ...{ fleet: options.fleet, log },
        dialling: { describe, secureHost },
      });
      return new SshWorld(client, { tunnel, opened, hostname, log, fsOptions: options });
    } catch (error) {
      await closeAll(opened);
      throw error;
    }
  }

  private constructor(client: Client, { tunnel, opened, hostname, log, fsOptions }: SshWorldSetup) {
    super(client, hostname, log, fsOptions);
    this.tunnel = tunnel;
    this.#opened = opened;
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await super.close();
    } finally {
      await closeAll(this.#opened);
    }
  }
}

async function closeAll(opened: readonly AsyncDisposable[]): Promise<void> {
  for (const one of opened) await one[Symbol.asyncDispose]();
}

function toTarget(endpoint: Endpoint): { host: string; port: number } | { socketPath: string } {
  if (endpoint.scheme === 'unix') return { socketPath: endpoint.path };
  return { host: endpoint.host, port: endpoint.port };
}
