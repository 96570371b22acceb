import { DEFAULT_MAX_TXN_OPS } from '../../world/index.js';

/** What decides the command line of one etcd server. URLs as etcd takes them (`http://host:port`). */
export interface ServerFlags {
  readonly name: string;
  readonly dataFolder: string;
  readonly clientUrls: readonly string[];
  readonly serverUrls: readonly string[];
  readonly advertisedClientUrls: readonly string[];
  readonly advertisedServerUrls: readonly string[];
  readonly start: ServerStart;
}

/**
 * How a server comes to its cluster. Once it has a write-ahead log, etcd reads the cluster from there and
 * ignores the rest, so `restart` names nobody.
 */
export type ServerStart =
  | { readonly kind: 'new' }
  | { readonly kind: 'join'; readonly members: readonly JoinMember[] }
  | { readonly kind: 'restart' };

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
    ...['--initial-cluster-state', flags.start.kind === 'join' ? 'existing' : 'new'],
    ...['--initial-cluster', initialCluster(flags)],
    ...['--max-txn-ops', String(DEFAULT_MAX_TXN_OPS)],
    ...['--logger', 'zap', '--log-outputs', 'stderr'],
    ...['--auto-compaction-mode', 'periodic', '--auto-compaction-retention', '1h'],
  ];
}

function initialCluster(flags: ServerFlags): string {
  const members =
    flags.start.kind === 'join'
      ? flags.start.members
      : [{ name: flags.name, peerUrls: flags.advertisedServerUrls }];
  return members.flatMap(({ name, peerUrls }) => peerUrls.map((url) => `${name}=${url}`)).join(',');
}

/**
 * The list for `--initial-cluster` from a member list: the one member without a name is ourselves, added
 * but not started yet.
 */
export function joinMembers(
  members: readonly { readonly name: string; readonly peerUrls: readonly string[] }[],
  ownName: string,
): JoinMember[] {
  return members.map(({ name, peerUrls }) => ({ name: name === '' ? ownName : name, peerUrls }));
}
