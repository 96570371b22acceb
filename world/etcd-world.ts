import type { TlsOptions } from './client/certificates.js';
import { Client } from './client/client.js';
import type { EtcdUser } from './client/login.js';
import { ClientWorld } from './client-world.js';
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
  readonly log?: Log | undefined;
}

/** The World over etcd that is reached directly. */
export class EtcdWorld extends ClientWorld {
  /** Nothing is sent before the first call. @throws WorldError `invalid` for an endpoint, hostname or certificate file that cannot be. */
  static connect(options: EtcdWorldOptions): EtcdWorld {
    const { endpoints, tls, user, hostname, namespace = DEFAULT_NAMESPACE, log } = options;
    checkHostname(hostname);
    return new EtcdWorld(Client.connect({ endpoints, namespace, tls, user, log }), hostname, log, options);
  }
}
