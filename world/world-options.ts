import type { Log } from '../base/log.js';
import type { EtcdUser } from './client/login.js';
import type { TlsOptions } from './client/tls/tls-options.js';
import type { FleetIdentity } from './fleet/identity-codec.js';
import type { FsOptions } from './fs/file-systems.js';

/** What a World needs to know, however it reaches etcd. Everything has a default. */
export interface WorldOptions extends FsOptions {
  /**
   * Addresses of etcd, the first preferred, such as `http://127.0.0.1:2379`; for an SshWorld as seen from the SSH host.
   * Default `DEFAULT_CLIENT_URL`.
   */
  readonly seeds?: readonly string[] | undefined;
  /** This process's name in the fleet: the owner of what the World writes. Default: the name of this machine. */
  readonly hostname?: string | undefined;
  /** Put before every key. Default `DEFAULT_NAMESPACE`. */
  readonly namespace?: string | undefined;
  /** For `https://` seeds. An SshWorld expects certificates for the host that the seed names. */
  readonly tls?: TlsOptions | undefined;
  /** For an etcd that has authentication enabled. */
  readonly user?: EtcdUser | undefined;
  /** The fleet that the seeds must belong to; others are refused with `other-fleet`. Default: the first that answers. */
  readonly fleet?: FleetIdentity | undefined;
  readonly log?: Log | undefined;
}

/** Whether file systems are kept elsewhere than by default. */
export function namesPrefixes({ metadataPrefix, storagePrefix }: WorldOptions): boolean {
  return metadataPrefix !== undefined || storagePrefix !== undefined;
}
