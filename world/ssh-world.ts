import { hostname as machineName } from 'node:os';
import type { Log } from '../base/log.js';
import { type Forward, formatDestination, Tunnel, type TunnelOptions } from '../tunnel/index.js';
import type { CallOptions } from './call-options.js';
import type { Dialling } from './client/calls/endpoint-set.js';
import { type Endpoint, parseEndpoint } from './client/calls/parse-endpoint.js';
import { Client } from './client/client.js';
import { untilFleetAnswers } from './client/until-fleet-answers.js';
import { ClientWorld } from './client-world.js';
import { DEFAULT_CLIENT_URL } from './constants.js';
import type { FsOptions } from './fs/file-systems.js';
import { toPrefixes } from './fs/storage/file-system-prefixes.js';
import { DEFAULT_NAMESPACE } from './keys.js';
import { checkHostname } from './validate-names.js';
import { namesPrefixes, type WorldOptions } from './world-options.js';

/** How to reach the fleet: by SSH destinations, or through a tunnel that is open already. */
export type SshWorldOptions = WorldOptions & (SshDestinationsOption | OpenTunnelOption);

/** For a tunnel that the World opens and closes. */
export interface SshDestinationsOption {
  /**
   * SSH destinations that lead to the fleet, such as `root@web1` or a Host of ssh_config: one, several of which the first
   * that works is used, or all the options of {@link Tunnel.open}.
   */
  readonly ssh: string | readonly string[] | TunnelOptions;
  readonly tunnel?: undefined;
}

/** For a tunnel that others use too, and that outlives the World. */
export interface OpenTunnelOption {
  readonly tunnel: Tunnel;
  readonly ssh?: undefined;
}

/** What {@link SshWorld.open} waits for. */
export interface SshWorldCallOptions extends CallOptions {
  /** Resolve when the tunnel is open: the first call shows whether etcd answers. Default false. */
  readonly lazy?: boolean | undefined;
}

/** So many more connections: with the first, what four of them carry. sshd takes ten logins at once, and a bastion is shared. */
const MORE_WAYS = 3;

interface SshWorldParts {
  readonly client: Client;
  readonly tunnel: Tunnel;
  /** What the World opened and has to close, in this order. */
  readonly opened: readonly AsyncDisposable[];
}

interface ForwardedSeed {
  readonly seed: string;
  readonly endpoint: Endpoint;
  readonly forward: Forward;
}

/**
 * The World of a fleet that is reached through SSH: an EtcdWorld whose client dials the forwards of a tunnel.
 *
 * ```ts
 * await using world = await SshWorld.open({ ssh: 'root@web1' });
 * ```
 */
export class SshWorld extends ClientWorld {
  /** For its state, and for other forwards. */
  readonly tunnel: Tunnel;
  readonly #opened: readonly AsyncDisposable[];
  #closing: Promise<void> | undefined;

  /**
   * Opens the tunnel, unless it is open, and a forward for each seed; then waits until a seed has answered. An abort
   * rejects with `signal.reason`. Nothing stays open when it rejects.
   * @param call `timeoutMs` limits how long the seeds may take once the tunnel is open, default
   * `CLIENT_DIAL_TIMEOUT_MS`.
   * @throws TunnelError as {@link Tunnel.open}; WorldError `invalid` for a seed, hostname, prefix or certificate file
   * that is not valid, and as {@link EtcdWorld.open}.
   */
  static async open(options: SshWorldOptions, call: SshWorldCallOptions = {}): Promise<SshWorld> {
    const { hostname = machineName(), log } = options;
    const { lazy = false, ...answering } = call;
    checkHostname(hostname);
    if (namesPrefixes(options)) toPrefixes(options);
    const world = new SshWorld(await connect(options, call.signal), hostname, log, options);
    if (lazy) return world;
    try {
      await untilFleetAnswers(world.client, answering);
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  private constructor(
    { client, tunnel, opened }: SshWorldParts,
    hostname: string,
    log: Log | undefined,
    fsOptions: FsOptions,
  ) {
    super(client, hostname, log, fsOptions);
    this.tunnel = tunnel;
    this.#opened = opened;
  }

  override get loginKey(): string | undefined {
    return this.tunnel.state.loginKey;
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

async function connect(options: SshWorldOptions, signal: AbortSignal | undefined): Promise<SshWorldParts> {
  const { seeds = [DEFAULT_CLIENT_URL], namespace = DEFAULT_NAMESPACE, tls, user, fleet, log } = options;
  const targets = seeds.map((seed) => ({ seed, endpoint: parseEndpoint(seed) }));
  const tunnel = options.tunnel ?? (await openTunnel(options, targets, signal));
  const opened: AsyncDisposable[] = options.tunnel === undefined ? [tunnel] : [];
  try {
    const forwards = new Map<string, ForwardedSeed>();
    for (const target of targets) {
      const forward = await tunnel.forward(toTarget(target.endpoint), { signal });
      opened.unshift(forward);
      forwards.set(forward.address, { ...target, forward });
    }
    const more = new MoreWays(tunnel, targets, forwards, log);
    opened.unshift(more);
    const moreWays = (onOpen: (endpoints: readonly string[]) => void) => more.open(onOpen);
    const dialling = { ...diallingThrough(tunnel, forwards), moreWays };
    const endpoints = [...forwards.keys()];
    return {
      client: Client.create({ endpoints, namespace, tls, user, fleet, log, dialling }),
      tunnel,
      opened,
    };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

function openTunnel(
  { ssh, log }: SshDestinationsOption & Pick<WorldOptions, 'log'>,
  targets: readonly Pick<ForwardedSeed, 'endpoint'>[],
  signal: AbortSignal | undefined,
): Promise<Tunnel> {
  const given = toTunnelOptions(ssh, log);
  return Tunnel.open({ probe: targets.map(({ endpoint }) => toTarget(endpoint)), ...given }, { signal });
}

function toTunnelOptions(ssh: SshDestinationsOption['ssh'], log: Log | undefined): TunnelOptions {
  if (typeof ssh === 'string') return { destinations: [ssh], log };
  return 'destinations' in ssh ? ssh : { destinations: ssh, log };
}

/** Further SSH connections to the same host, with a forward to each seed. */
class MoreWays implements AsyncDisposable {
  readonly #tunnel: Tunnel;
  readonly #targets: readonly Pick<ForwardedSeed, 'seed' | 'endpoint'>[];
  readonly #forwards: Map<string, ForwardedSeed>;
  readonly #log: Log | undefined;
  readonly #closing = new AbortController();
  readonly #tunnels: Tunnel[] = [];
  #opening: Promise<void> = Promise.resolve();

  constructor(
    tunnel: Tunnel,
    targets: readonly Pick<ForwardedSeed, 'seed' | 'endpoint'>[],
    forwards: Map<string, ForwardedSeed>,
    log: Log | undefined,
  ) {
    this.#tunnel = tunnel;
    this.#targets = targets;
    this.#forwards = forwards;
    this.#log = log;
  }

  open(onOpen: (endpoints: readonly string[]) => void): void {
    const each = async (): Promise<void> => {
      try {
        onOpen(await this.#openOne());
      } catch (error) {
        // There is still the first.
        if (!this.#closing.signal.aborted) this.#log?.('debug', (error as Error).message);
      }
    };
    this.#opening = Promise.all(Array.from({ length: MORE_WAYS }, each)).then(() => undefined);
  }

  async #openOne(): Promise<string[]> {
    const { signal } = this.#closing;
    const tunnel = await this.#tunnel.another({ signal });
    this.#tunnels.push(tunnel);
    return Promise.all(
      this.#targets.map(async (target) => {
        const forward = await tunnel.forward(toTarget(target.endpoint), { signal });
        this.#forwards.set(forward.address, { ...target, forward });
        return forward.address;
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new DOMException('The World is closed.', 'AbortError'));
    await this.#opening;
    await Promise.all(this.#tunnels.map((tunnel) => tunnel.close()));
  }
}

/** Errors name the seed and the SSH host instead of the local end of a forward. */
function diallingThrough(
  tunnel: Tunnel,
  forwards: ReadonlyMap<string, ForwardedSeed>,
): Pick<Dialling, 'describe' | 'secureHost'> {
  return {
    describe: (address) => {
      const known = forwards.get(address);
      if (known === undefined) return { name: address };
      const { via } = tunnel.state;
      const through = via === undefined ? '' : ` through ${formatDestination(via)}`;
      return { name: `${known.seed}${through}`, reason: known.forward.lastRefusal?.message };
    },
    secureHost: (address) => {
      const endpoint = forwards.get(address)?.endpoint;
      return endpoint?.scheme === 'https' ? endpoint.host : undefined;
    },
  };
}

async function closeAll(opened: readonly AsyncDisposable[]): Promise<void> {
  for (const one of opened) await one[Symbol.asyncDispose]();
}

function toTarget(endpoint: Endpoint): { host: string; port: number } | { socketPath: string } {
  if (endpoint.scheme === 'unix') return { socketPath: endpoint.path };
  return { host: endpoint.host, port: endpoint.port };
}
