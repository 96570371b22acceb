import type { ClientWorld, EtcdUser, FleetIdentity, Log, TlsOptions } from '../../world/without-ssh.js';
import type { ServerTls } from '../cluster/server/etcd/flags.js';
import type { Converger } from '../converger.js';

export interface EmbdEtcdOptions {
  /** The unique identifier of this host. */
  readonly hostname: string;
  /** An absolute folder for everything that is kept; `etcd/` and `agent.sock` are in there. */
  readonly prefix: string;
  readonly namespace: string;
  /** Client URLs of a cluster to join; none for the first host. */
  readonly seeds: readonly string[];
  /** Makes a new cluster where this host has neither data nor seeds and has never been in a fleet. Default false: refuses. */
  readonly newCluster?: boolean;
  /** The fleet that the seeds must be of, for a host that belongs to none yet. Default: any. */
  readonly fleet?: FleetIdentity;
  /** Reaches the seeds some other way than directly: through SSH. Such a host is never elected to change the cluster. */
  readonly connectSeeds?: (signal: AbortSignal) => Promise<ClientWorld>;
  /** Where a server of this host listens for clients: URLs of addresses, and `unix:///absolute/path` for those on this machine. */
  readonly clientUrls: readonly string[];
  /** Where a server of this host listens for the other servers. */
  readonly serverUrls: readonly string[];
  /** Whether no other server is to reach that of this host: it needs no `serverUrls` then, and runs one only where it has data or makes the cluster. */
  readonly alone?: boolean;
  /** Serves whoever reaches it beyond this machine without certificates. Default false: refuses. */
  readonly insecure?: boolean;
  /** What others are told to use. Default: the listening URLs, those that are not on our loopback if any is. */
  readonly aClientUrls?: readonly string[];
  readonly aServerUrls?: readonly string[];
  /** Be a client only: never run a server here. */
  readonly noServer?: boolean;
  /** Listen at unix sockets in the prefix only. */
  readonly noNetwork?: boolean;
  /** Needed for `https://` URLs. */
  readonly tls?: ServerTls;
  /** For `https://` seeds. Default: the certificate of its own server, and the authority that `tls` trusts. */
  readonly clientTls?: TlsOptions;
  /** For an etcd with authentication switched on; it needs the role root where this host changes the members. */
  readonly user?: EtcdUser | undefined;
  /** Said of this host to the others; `zone` spreads the servers. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Sets how many servers the fleet is to have, once this host is known to it. */
  readonly idealClusterSize?: number;
  /** How large etcd's database here may become before it takes no more writes, in bytes. Default: etcd's own, 2 GiB. */
  readonly quotaBackendBytes?: number;
  /** Told what still moves. Default: one of its own. */
  readonly converger?: Converger;
  /** Of the agent, as others see it. */
  readonly version: string;
  /** The etcd program comes from `HAWSER_ETCD` or the `PATH` in here. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
}
