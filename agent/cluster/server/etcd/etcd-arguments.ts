import { DEFAULT_MAX_TXN_OPS, type TlsOptions } from '../../../../world/internal.js';
import type { NewClusterPermit } from '../../start/new-cluster-permit.js';

/** The inputs to one etcd server's command line. URLs are in etcd's form (`http://host:port`). */
export interface ServerFlags {
  readonly name: string;
  readonly dataFolder: string;
  readonly clientUrls: readonly string[];
  readonly serverUrls: readonly string[];
  readonly advertisedClientUrls: readonly string[];
  readonly advertisedServerUrls: readonly string[];
  readonly start: ServerStart;
  /** Required for `https://` URLs. */
  readonly tls?: ServerTls | undefined;
  /** The size at which its database stops taking writes. Default: etcd's own. */
  readonly quotaBackendBytes?: number | undefined;
}

/**
 * How a server joins its cluster. Once etcd has a write-ahead log it reads the cluster from there and ignores the
 * rest, so `restart` needs no members; `rebuild` is a restart that turns this member's data into a cluster of one,
 * for when the quorum is permanently lost.
 *
 * A new cluster takes a permit, which only a person's explicit request gives.
 */
export type ServerStart =
  | { readonly kind: 'new'; readonly permit: NewClusterPermit }
  | { readonly kind: 'join'; readonly members: readonly JoinMember[] }
  | { readonly kind: 'restart' }
  | { readonly kind: 'rebuild' };

/** The certificates of a server: for its clients, and for the other servers. Paths of PEM files. */
export interface ServerTls {
  readonly client?: TlsFiles | undefined;
  readonly peer?: TlsFiles | undefined;
}

export interface TlsFiles {
  /** Presented to clients, and by this server when it connects, so it needs both extended key usages. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Clients must present a certificate of these authorities. Without it, anyone is served. */
  readonly trustedCaFile?: string | undefined;
}

/** The TLS options for a client of servers with these certificates. */
export function asClient(files: TlsFiles | undefined): TlsOptions | undefined {
  return files && { certFile: files.certFile, keyFile: files.keyFile, caFile: files.trustedCaFile };
}

/** One entry of `--initial-cluster`. */
export interface JoinMember {
  readonly name: string;
  readonly peerUrls: readonly string[];
}

/** The arguments for etcd 3.4, 3.5 and 3.6 (https://etcd.io/docs/v3.5/op-guide/configuration/). */
export function etcdArguments(flags: ServerFlags): string[] {
  return [
    ...['--name', flags.name],
    ...['--data-dir', flags.dataFolder],
    ...['--listen-client-urls', flags.clientUrls.join(',')],
    ...['--listen-peer-urls', flags.serverUrls.join(',')],
    ...['--advertise-client-urls', flags.advertisedClientUrls.join(',')],
    ...['--initial-advertise-peer-urls', flags.advertisedServerUrls.join(',')],
    ...startArguments(flags),
    // etcd's own check delays each membership change until every member has been connected for five seconds. The
    // nominator checks every voter itself before each change, which is stricter and immediate.
    '--strict-reconfig-check=false',
    // A web page can make a browser post JSON to it, and a browser is a local user.
    '--enable-grpc-gateway=false',
    ...tlsArguments('', flags.tls?.client),
    ...tlsArguments('peer-', flags.tls?.peer),
    ...(flags.quotaBackendBytes === undefined
      ? []
      : ['--quota-backend-bytes', String(flags.quotaBackendBytes)]),
    ...['--max-txn-ops', String(DEFAULT_MAX_TXN_OPS)],
    ...['--logger', 'zap', '--log-outputs', 'stderr'],
    ...['--auto-compaction-mode', 'periodic', '--auto-compaction-retention', '1h'],
  ];
}

/**
 * Only a new cluster may start from nothing: a restart without a write-ahead log is told to join, finds only itself
 * and exits, where `new` would create a second cluster.
 */
function startArguments(flags: ServerFlags): string[] {
  const { start } = flags;
  const token = start.kind === 'new' ? ['--initial-cluster-token', start.permit.token] : [];
  return [
    ...['--initial-cluster-state', start.kind === 'new' ? 'new' : 'existing'],
    ...['--initial-cluster', initialCluster(flags)],
    ...token,
    ...(start.kind === 'rebuild' ? ['--force-new-cluster'] : []),
  ];
}

function tlsArguments(side: '' | 'peer-', files: TlsFiles | undefined): string[] {
  if (files === undefined) return [];
  const { certFile, keyFile, trustedCaFile } = files;
  const trusted =
    trustedCaFile === undefined
      ? []
      : [`--${side}client-cert-auth`, `--${side}trusted-ca-file`, trustedCaFile];
  return [`--${side}cert-file`, certFile, `--${side}key-file`, keyFile, ...trusted];
}

function initialCluster(flags: ServerFlags): string {
  const members =
    flags.start.kind === 'join'
      ? flags.start.members
      : [{ name: flags.name, peerUrls: flags.advertisedServerUrls }];
  return members.flatMap(({ name, peerUrls }) => peerUrls.map((url) => `${name}=${url}`)).join(',');
}

/**
 * The list for `--initial-cluster` from a member list. The one member without a name is this host: added but not
 * started yet.
 */
export function joinMembers(
  members: readonly { readonly name: string; readonly peerUrls: readonly string[] }[],
  ownName: string,
): JoinMember[] {
  return members.map(({ name, peerUrls }) => ({ name: name === '' ? ownName : name, peerUrls }));
}
