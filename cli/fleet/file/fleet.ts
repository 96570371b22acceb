/** What fleets and apps can be called. */
export const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A host of a fleet, as its fleet file has it. */
export interface FleetHost {
  /** In the fleet, and in etcd. */
  readonly name: string;
  /** What `ssh` takes: `user@host:port`, `ssh://…` or a Host of ssh_config. */
  readonly ssh: string;
  /**
   * The only host keys to accept (`ssh-ed25519 AAAA…`), as `up` verified them; none before the first `up`: then
   * known_hosts decides.
   */
  readonly hostKeys: readonly string[];
  /** The SSH destination to go through, instead of what ssh_config says. */
  readonly jump?: string;
  /** What other hosts dial. */
  readonly address?: string;
  /** Whom to log in as, where `ssh` does not say. */
  readonly user?: string;
  /** Whether what needs root goes through sudo there. */
  readonly sudo?: boolean;
  /** Whether etcd's socket cannot be forwarded there and is reached through a command. */
  readonly bridge?: boolean;
  /** What secrets for it are encrypted to, as it was read on the host itself. */
  readonly ageRecipient?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What a fleet file says of a fleet, apart from the connection keys that it may have besides. */
export interface Fleet {
  readonly name: string;
  /** Where it was read, or is to be written. */
  readonly file: string;
  /** The uuid of the fleet; after a recovery with a slash and the generation. Made by `up`. */
  readonly id?: string;
  readonly namespace?: string;
  /** How many hosts run etcd. */
  readonly clusterSize?: number;
  readonly hosts: readonly FleetHost[];
  /** Lines as in known_hosts, for the jump hosts: the only keys to accept from those whom they name. */
  readonly knownHosts: readonly string[];
  /** The certificates of the fleet's authority (PEM). Its key is never in the file. */
  readonly authority?: string;
}

/** Where to log in to a host, for SSH. */
export function destinationOf({ ssh, user }: Pick<FleetHost, 'ssh' | 'user'>): string {
  if (user === undefined) return ssh;
  return ssh.startsWith('ssh://')
    ? ssh.replace('ssh://', `ssh://${encodeURIComponent(user)}@`)
    : `${user}@${ssh}`;
}

/** Whether etcd's socket on a host is reached through a command instead of a forward. */
export function usesBridge({ sudo = false, bridge = false }: Pick<FleetHost, 'sudo' | 'bridge'>): boolean {
  return sudo || bridge;
}
