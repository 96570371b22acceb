import { hostname as ownHostname } from 'node:os';
import type { Log } from '../base/log.js';
import type { CallOptions } from './call-options.js';
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

export interface EtcdWorldOptions extends FsOptions {
  /** Addresses of etcd, such as `http://127.0.0.1:2379`. */
  readonly endpoints: readonly string[];
  /** For `https://` endpoints. */
  readonly tls?: TlsOptions | undefined;
  /** For an etcd with authentication switched on. */
  readonly user?: EtcdUser | undefined;
  /** Who we are. */
  readonly hostname: string;
  /** Default {@link DEFAULT_NAMESPACE}. */
  readonly namespace?: string;
  /** The fleet that it must be; endpoints of another are refused with `other-fleet`. Default: the one that is met first. */
  readonly fleet?: FleetIdentity | undefined;
  readonly log?: Log | undefined;
}

/** The options of {@link EtcdWorld.open}, under the names that the seed has for them. */
export interface EtcdWorldOpenOptions extends Omit<EtcdWorldOptions, 'endpoints' | 'hostname'> {
  /** Addresses of etcd, the first preferred. Default {@link DEFAULT_CLIENT_URL}. */
  readonly seeds?: readonly string[];
  /** Who we are. Default: the name of this machine. */
  readonly hostname?: string;
}

/** The World over etcd that is reached directly. */
export class EtcdWorld extends ClientWorld {
  /**
   * Opens a World and waits until one of its seeds has answered. An abort rejects with `signal.reason`; whatever it
   * rejects with, nothing stays open.
   * @param call `timeoutMs` is how long the seeds may take, default {@link CLIENT_DIAL_TIMEOUT_MS}.
   * @throws WorldError `unavailable` when none answers in time, `other-fleet` when they are not of the `fleet`,
   * `permission-denied` for a user that etcd does not know, `invalid` as {@link EtcdWorld.create}.
   */
  static async open(options: EtcdWorldOpenOptions = {}, call: CallOptions = {}): Promise<EtcdWorld> {
    const { seeds = [DEFAULT_CLIENT_URL], hostname = ownHostname(), ...others } = options;
    const world = EtcdWorld.create({ ...others, endpoints: seeds, hostname });
    try {
      await answered(world.client, call);
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  /** Nothing is sent before the first call. @throws WorldError `invalid` for an endpoint, hostname, prefix or certificate file that cannot be. */
  static create(options: EtcdWorldOptions): EtcdWorld {
    const { endpoints, tls, user, hostname, namespace = DEFAULT_NAMESPACE, fleet, log } = options;
    checkHostname(hostname);
    toPlace(options);
    const client = Client.create({ endpoints, namespace, tls, user, fleet, log });
    return new EtcdWorld(client, hostname, log, options);
  }
}
