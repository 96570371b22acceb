import { hostname as machineName } from 'node:os';
import path from 'node:path';
import { packageVersion } from '../../base/package-version.js';
import {
  type ClientWorld,
  DEFAULT_CLIENT_URL,
  DEFAULT_NAMESPACE,
  DEFAULT_SERVER_URL,
  type EtcdUser,
  type FleetIdentity,
  type Log,
  type TlsOptions,
} from '../../world/internal.js';
import { isUnix } from '../cluster/server/addresses/server-addresses.js';
import type { ServerTls } from '../cluster/server/etcd/etcd-arguments.js';
import { DEFAULT_PREFIX } from '../constants.js';
import type { Converger } from '../track-convergence.js';

/** The options of {@link EmbdEtcd}. Every default is that of `hawser run`. */
export interface EmbdEtcdOptions {
  /** Identifies this host in its fleet. Default: the machine's name. */
  readonly hostname?: string | undefined;
  /** The absolute directory that holds everything the agent keeps, `etcd/` and `agent.sock` among it. Default `/var/lib/hawser`. */
  readonly prefix?: string | undefined;
  /** What every key of the fleet begins with: empty, or a path such as the default `/_mgmt`. */
  readonly namespace?: string | undefined;
  /** Client URLs of a cluster to join. Default: none, for the first host. */
  readonly seeds?: readonly string[] | undefined;
  /** Creates a new cluster if this host has no data and no seeds and has never been in a fleet. Default false: refuses. */
  readonly newCluster?: boolean | undefined;
  /** The fleet that the seeds must belong to, for a host that belongs to none yet. Default: any. */
  readonly fleet?: FleetIdentity | undefined;
  /** Connects to the seeds other than directly: through SSH. Such a host is never elected to change the cluster. */
  readonly connectSeeds?: ((signal: AbortSignal) => Promise<ClientWorld>) | undefined;
  /**
   * Where the etcd server of this host listens for clients: URLs of addresses, and `unix:///absolute/path` for clients on
   * this machine. Default: one unix socket, `/run/hawser/etcd.sock` for root with the default prefix, else `etcd.sock` in
   * the prefix.
   */
  readonly clientUrls?: readonly string[] | undefined;
  /**
   * A group of this host whose members may use the fleet through the socket in `clientUrls`, and so run anything on every
   * host. The socket's directory then gets this group and mode 2750, and must hold nothing else. Default: only the
   * agent's user may.
   */
  readonly socketGroup?: string | undefined;
  /**
   * Where that server listens for other servers. Empty: nowhere, so it runs only if this host has data or creates the
   * cluster. Default: `http://127.0.0.1:2380` if `clientUrls` has an address, else empty.
   */
  readonly serverUrls?: readonly string[] | undefined;
  /** Serves anyone who can reach the URLs from another machine, without certificates. Default false: refuses. */
  readonly insecure?: boolean | undefined;
  /** The client URLs that others use. Default: `clientUrls`, without loopback addresses if there are others. */
  readonly aClientUrls?: readonly string[] | undefined;
  /** The server URLs that others use. Default: `serverUrls`, without loopback addresses if there are others. */
  readonly aServerUrls?: readonly string[] | undefined;
  /** Never runs a server on this host; it is a client of the seeds only. Default false. */
  readonly noServer?: boolean | undefined;
  /** Runs a single-host cluster that listens only on unix sockets under the prefix. Default false. */
  readonly noNetwork?: boolean | undefined;
  /** Certificates of the server, required for `https://` URLs. */
  readonly tls?: ServerTls | undefined;
  /** How to connect to `https://` seeds. Default: with the server's own certificate, trusting the authority in `tls`. */
  readonly clientTls?: TlsOptions | undefined;
  /** For an etcd with authentication enabled; needs the role root if this host changes the members. */
  readonly user?: EtcdUser | undefined;
  /** Labels of this host that the fleet can see; servers are spread over the values of `zone`. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /**
   * Only stops the server at the end and stays a member, as an agent does that starts again soon; a file `leave-at-stop`
   * in the prefix makes it leave all the same. Default false: leaves the cluster, so that the others take over.
   */
  readonly staysMember?: boolean | undefined;
  /** Sets how many servers the fleet should have, once this host is registered. Default: leaves it as it is. */
  readonly idealClusterSize?: number | undefined;
  /** The size in bytes at which etcd's database stops taking writes. Default: etcd's own, 2 GiB. */
  readonly quotaBackendBytes?: number | undefined;
  /** Tracks whether this host has converged. Default: a new one. */
  readonly converger?: Converger | undefined;
  /** The agent's version, as others see it. Default: that of this package. */
  readonly version?: string | undefined;
  /** Where the etcd program is found, in `HAWSER_ETCD` or `PATH`. Default: `process.env`. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
  /** Default: logs nothing. */
  readonly log?: Log | undefined;
}

/** {@link EmbdEtcdOptions} with every default filled in. */
export interface EtcdSettings extends EmbdEtcdOptions {
  readonly hostname: string;
  readonly prefix: string;
  readonly namespace: string;
  readonly seeds: readonly string[];
  readonly clientUrls: readonly string[];
  readonly serverUrls: readonly string[];
  readonly version: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
}

/** Fills in the defaults; what was given stays as it is. */
export function withDefaults<T extends EmbdEtcdOptions>(options: T): T & EtcdSettings {
  const { prefix = DEFAULT_PREFIX, noNetwork = false } = options;
  const { clientUrls = noNetwork ? [] : [defaultClientUrl(prefix)] } = options;
  const isReachable = clientUrls.some((url) => !isUnix(url));
  const { serverUrls = isReachable && !noNetwork ? [DEFAULT_SERVER_URL] : [] } = options;
  return {
    ...options,
    hostname: options.hostname ?? machineName(),
    prefix,
    namespace: options.namespace ?? DEFAULT_NAMESPACE,
    seeds: options.seeds ?? [],
    clientUrls,
    serverUrls,
    version: options.version ?? packageVersion(),
    environment: options.environment ?? process.env,
    log: options.log ?? (() => undefined),
  };
}

/** Root has a system-wide place for sockets; other users have theirs in the prefix. */
function defaultClientUrl(prefix: string): string {
  const isSystemWide = process.geteuid?.() === 0 && prefix === DEFAULT_PREFIX;
  return isSystemWide ? DEFAULT_CLIENT_URL : `unix://${path.resolve(prefix)}/etcd.sock`;
}
