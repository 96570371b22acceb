import type { TlsOptions } from './client/certificates.js';
import { Client } from './client/client.js';
import type { EtcdUser } from './client/login.js';
import { ClientWorld } from './client-world.js';
import type { FleetIdentity } from './fleet-identity.js';
import type { FsOptions } from './fs/file-systems.js';
import type { Log } from './log.js';
import { checkHostname } from './names.js';

/** The namespace of mgmt, so that either can read what the other wrote. */
export const DEFAULT_NAMESPACE = '/_mgmt';

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

/** The World over etcd that is reached directly. */
export class EtcdWorld extends ClientWorld {
  /** Nothing is sent before the first call. @throws WorldError `invalid` for an endpoint, hostname or certificate file that cannot be. */
  static connect(options: EtcdWorldOptions): EtcdWorld {
    const { endpoints, tls, user, hostname, namespace = DEFAULT_NAMESPACE, fleet, log } = options;
    checkHostname(hostname);
    const client = Client.connect({ endpoints, namespace, tls, user, fleet, log });
    return new EtcdWorld(client, hostname, log, options);
  }
}
