import path from 'node:path';
import { checkNamespace } from '../../world/internal.js';
import {
  isUnix,
  NO_NETWORK_URLS,
  serverAddresses,
  socketPath,
  socketPaths,
} from '../cluster/server/addresses/server-addresses.js';
import type { ServerTls } from '../cluster/server/etcd/etcd-arguments.js';
import { MAX_SOCKET_PATH_BYTES } from '../control/short-socket-path.js';
import { AgentError } from '../errors.js';
import {
  checkAdvertised,
  checkListening,
  collide,
  formatServer,
  parseServerUrl,
  type ServerUrl,
  type UrlSide,
} from './parse-server-url.js';

/** What {@link validateEmbdEtcd} looks at. */
export interface ValidatedOptions {
  readonly hostname: string;
  readonly prefix: string;
  readonly namespace: string;
  readonly clientUrls: readonly string[];
  readonly serverUrls: readonly string[];
  readonly aClientUrls?: readonly string[] | undefined;
  readonly aServerUrls?: readonly string[] | undefined;
  readonly seeds?: readonly string[] | undefined;
  readonly connectSeeds?: unknown;
  readonly noServer?: boolean | undefined;
  readonly newCluster?: boolean | undefined;
  readonly noNetwork?: boolean | undefined;
  readonly tls?: ServerTls | undefined;
  readonly quotaBackendBytes?: number | undefined;
  readonly socketGroup?: string | undefined;
}

/**
 * Checks the options alone; {@link checkPrefix} and {@link checkCertificates} check the files.
 *
 * @throws AgentError `invalid` for the first invalid option, with what it expects.
 */
export function validateEmbdEtcd(options: ValidatedOptions): void {
  validateHostname(options.hostname);
  validatePrefix(options.prefix);
  validateNamespace(options.namespace);
  validateQuota(options.quotaBackendBytes);
  if (options.noNetwork === true) validateNoNetwork(options);
  else validateUrls(options);
  if (options.noServer === true) validateNoServer(options);
  if (options.socketGroup !== undefined) validateSocketGroup(options, options.socketGroup);
}

function validateSocketGroup({ clientUrls, prefix, noNetwork }: ValidatedOptions, group: string): void {
  if (!/^[a-z_][a-z0-9_.-]*\$?$/i.test(group))
    throw new AgentError('invalid', `"${group}" is not the name of a group.`);
  const sockets = noNetwork === true ? [] : socketPaths(clientUrls);
  const [socket] = sockets;
  if (socket === undefined || sockets.length > 1)
    throw new AgentError(
      'invalid',
      'A group enters by one socket: with --socket-group pass exactly one unix:///path in --client-urls.',
    );
  if (`${path.dirname(socket)}/`.startsWith(`${path.resolve(prefix)}/`))
    throw new AgentError(
      'invalid',
      `The group ${group} cannot reach ${socket}, because only the agent's user can enter the prefix: put the socket elsewhere with --client-urls.`,
    );
}

function validateNoServer({ seeds = [], connectSeeds, newCluster }: ValidatedOptions): void {
  if (seeds.length === 0 && connectSeeds === undefined) {
    throw new AgentError(
      'invalid',
      'A host without a server needs seeds: pass --seeds, or omit --no-server.',
    );
  }
  if (newCluster === true) {
    throw new AgentError('invalid', 'A host without a server cannot create a cluster: omit --new-cluster.');
  }
}

/** A hostname becomes part of keys, comma-separated lists and etcd's member list. */
function validateHostname(hostname: string): void {
  if (hostname === '*') {
    throw new AgentError('invalid', 'The hostname must not be "*", which stands for every host.');
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in there
  if (!/^[^/,=\s\u0000-\u001f\u007f\ufffd]+$/.test(hostname)) {
    throw new AgentError(
      'invalid',
      `"${hostname}" is not a valid hostname: it must be non-empty, without a slash, comma, equals sign or space.`,
    );
  }
}

function validatePrefix(prefix: string): void {
  if (!path.isAbsolute(prefix)) {
    throw new AgentError('invalid', `The prefix must be an absolute path, not ${prefix || 'empty'}.`);
  }
  if (path.resolve(prefix) === '/') {
    throw new AgentError('invalid', 'The prefix must not be the root directory /.');
  }
}

function validateNamespace(namespace: string): void {
  try {
    checkNamespace(namespace);
  } catch (error) {
    throw new AgentError('invalid', (error as Error).message, { cause: error });
  }
}

function validateQuota(bytes: number | undefined): void {
  if (bytes === undefined || (Number.isSafeInteger(bytes) && bytes > 0)) return;
  throw new AgentError('invalid', `etcd's quota must be a positive whole number of bytes, not ${bytes}.`);
}

function validateNoNetwork(options: ValidatedOptions): void {
  const given = [
    ['seeds', options.seeds],
    ['client URLs', options.clientUrls],
    ['server URLs', options.serverUrls],
    ['advertised client URLs', options.aClientUrls],
    ['advertised server URLs', options.aServerUrls],
  ] as const;
  const [what] = given.find(([, urls]) => urls !== undefined && urls.length > 0) ?? [];
  if (what !== undefined) {
    throw new AgentError(
      'invalid',
      `A host without a network is a single-host cluster and accepts no ${what}.`,
    );
  }
  if (options.tls !== undefined) {
    throw new AgentError(
      'invalid',
      'A host without a network serves only unix sockets and accepts no certificates.',
    );
  }
  checkSocketPath(options.prefix, socketPath(NO_NETWORK_URLS.client, path.join(options.prefix, 'etcd')));
}

function checkSocketPath(prefix: string, longest: string): void {
  if (Buffer.byteLength(longest) > MAX_SOCKET_PATH_BYTES) {
    throw new AgentError(
      'invalid',
      `The prefix ${prefix} is too long for the unix socket ${longest}: the limit is ${MAX_SOCKET_PATH_BYTES} bytes.`,
    );
  }
}

function validateUrls(options: ValidatedOptions): void {
  const { clientUrls, serverUrls, tls } = options;
  if (clientUrls.length === 0) throw new AgentError('invalid', 'A server needs a client URL to listen on.');
  for (const url of clientUrls.filter(isUnix)) checkSocketUrl(url, options.prefix);
  const addresses = clientUrls.filter((url) => !isUnix(url));
  const clients = listening(addresses, 'client', tls);
  const servers = listening(serverUrls, 'server', tls);
  refuseCollisions(clients, servers);
  const { advertisedClientUrls, advertisedServerUrls } = serverAddresses(options);
  if (addresses.length > 0 || options.aClientUrls !== undefined)
    validateAdvertised(advertisedClientUrls, 'client', tls);
  if (serverUrls.length > 0) validateAdvertised(advertisedServerUrls, 'server', tls);
}

function checkSocketUrl(url: string, prefix: string): void {
  if (!/^unix:\/\/\/[^\0]*[^\0/]$/.test(url)) {
    throw new AgentError('invalid', `${url} is not a socket URL: write unix:///absolute/path.`);
  }
  for (const longest of [
    ...socketPaths([url]),
    socketPath(NO_NETWORK_URLS.client, path.join(prefix, 'etcd')),
  ])
    checkSocketPath(prefix, longest);
}

function listening(urls: readonly string[], side: UrlSide, tls: ServerTls | undefined): ServerUrl[] {
  const parsed = urls.map(parseServerUrl);
  for (const url of parsed) {
    checkListening(url);
    checkScheme(url, side, tls);
  }
  return parsed;
}

function validateAdvertised(urls: readonly string[], side: UrlSide, tls: ServerTls | undefined): void {
  if (urls.length === 0) throw new AgentError('invalid', `--advertise-${side}-urls must not be empty.`);
  for (const url of urls.map(parseServerUrl)) {
    checkAdvertised(url, side);
    checkScheme(url, side, tls);
  }
}

/** An http:// URL beside certificates would bypass them. */
function checkScheme({ text, scheme }: ServerUrl, side: UrlSide, tls: ServerTls | undefined): void {
  const files = side === 'client' ? tls?.client : tls?.peer;
  const flags = side === 'client' ? '--cert-file and --key-file' : '--peer-cert-file and --peer-key-file';
  if (scheme === 'https' && files === undefined) {
    throw new AgentError('invalid', `${text} needs a certificate: pass ${flags}, or write http://.`);
  }
  if (scheme === 'http' && files !== undefined) {
    throw new AgentError('invalid', `${text} would bypass the certificate for ${side}s: write https://.`);
  }
}

function refuseCollisions(clients: readonly ServerUrl[], servers: readonly ServerUrl[]): void {
  const all = [...clients, ...servers];
  for (const [index, url] of all.entries()) {
    const other = all.slice(0, index).find((earlier) => collide(earlier, url));
    if (other === undefined) continue;
    const [a, b] = [formatServer(other), formatServer(url)];
    const what = a === b ? a : `${a} and ${b}`;
    if (clients.includes(other) && servers.includes(url)) {
      throw new AgentError('invalid', `Clients and servers cannot share ${what}: use different ports.`);
    }
    throw new AgentError('invalid', `etcd cannot listen twice on ${what}: list each URL once.`);
  }
}
