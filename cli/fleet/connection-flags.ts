import type { TransportName } from '../../tunnel/connection/choose-transport.js';
import type { FleetIdentity } from '../../world/fleet/fleet-identity.js';
import type { OutputOptions } from '../output/output.js';
import type { UserFlags } from './etcd-user.js';
import type { TlsFlags } from './tls-options.js';

/** The flags that every command which talks to a fleet takes. */
export interface ConnectionFlags extends OutputOptions, TlsFlags, UserFlags {
  readonly sshUrl?: string[];
  readonly sshHostkey?: string;
  readonly sshId?: string[];
  readonly sshKnownHosts?: string[];
  readonly sshConfig?: string;
  readonly transport?: TransportName;
  readonly seeds?: string[];
  readonly namespace?: string;
  readonly hostname?: string;
  readonly fleetId?: FleetIdentity;
  /** A name or a file. */
  readonly fleet?: string;
  readonly config?: string;
  readonly timeout?: number;
  /** Of commands that ask before they act; it keeps SSH from asking too. */
  readonly yes?: boolean;
}
