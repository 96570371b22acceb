import { Fleet, FleetError } from '../fixtures/index.js';
import type { SshWorld, WorldOptions } from '../world/index.js';

/** What ssh2's `new Client().connect()` takes, with the host's key verified. */
export interface Ssh2Options {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly privateKey: string;
  readonly passphrase?: string;
  readonly hostVerifier: (key: Buffer) => boolean;
}

export interface FleetWorldOptions extends WorldOptions {
  /** The hosts to enter by; default: all, of which the first that answers is used. */
  readonly through?: readonly string[] | undefined;
}

/** A fleet as {@link startFleet} starts it; `await using` closes it. */
export class TestFleet extends Fleet {
  readonly #worlds = new Set<SshWorld>();
  #closing: Promise<void> | undefined;

  /**
   * The options with which ssh2's `Client` enters a host; its key is verified.
   * @throws FleetError `unknown-host`; `unsupported` for a host behind another, which ssh2 does not reach by itself
   */
  ssh2(name: string): Ssh2Options {
    const host = this.host(name);
    if (host.jump !== undefined) {
      const how = `open a channel to ${host.address}:${host.sshPort} on ${host.jump}, and pass it as sock`;
      throw new FleetError('unsupported', `${name} is reached through ${host.jump} alone: ${how}`, {
        host: name,
      });
    }
    const known = host.hostKey.split(' ')[1] ?? '';
    return {
      host: host.sshHost,
      port: host.sshPort,
      username: host.user,
      privateKey: this.privateKey,
      ...(this.passphrase !== undefined && { passphrase: this.passphrase }),
      hostVerifier: (key) => key.toString('base64') === known,
    };
  }

  /**
   * Opens the World of the fleet's agents, over SSH with the fleet's key. Closed with the fleet at the latest.
   * @throws TunnelError, WorldError as SshWorld.open
   */
  async world(
    options: FleetWorldOptions = {},
    call: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number } = {},
  ): Promise<SshWorld> {
    const { through = this.hosts.map(({ name }) => name), ...worldOptions } = options;
    // Loaded by those who use it: most of what this package loads.
    const { SshWorld } = await import('../world/index.js');
    const ssh = {
      destinations: through.map((name) => this.host(name).name),
      configFile: this.sshConfigFile,
      ask: async ({ kind }: { readonly kind: string }) =>
        kind === 'passphrase' ? this.passphrase : kind === 'host-key' ? undefined : this.password,
    };
    const world = await SshWorld.open({ seeds: this.etcdEndpoints, ...worldOptions, ssh }, call);
    this.#worlds.add(world);
    return world;
  }

  /** Removes everything, Worlds first; idempotent. */
  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled([...this.#worlds].map((world) => world.close()));
    await super.close();
  }
}
