import path from 'node:path';
import { AgentError } from '../../../errors.js';

/**
 * Where a server without a network listens: unix sockets in its own working directory. etcd 3.4 takes no absolute path
 * and requires something like a port, so these are relative and called `client:0` and `peer:0`.
 */
export const NO_NETWORK_URLS = { client: 'unix://client:0', server: 'unix://peer:0' } as const;

/** The configured addresses of an agent. */
export interface AddressOptions {
  readonly clientUrls: readonly string[];
  /** Empty: no other server can reach this one. */
  readonly serverUrls: readonly string[];
  readonly aClientUrls?: readonly string[] | undefined;
  readonly aServerUrls?: readonly string[] | undefined;
  readonly noNetwork?: boolean | undefined;
}

/** The addresses of one server, in etcd's form. */
export interface ServerAddresses {
  readonly clientUrls: readonly string[];
  readonly serverUrls: readonly string[];
  readonly advertisedClientUrls: readonly string[];
  readonly advertisedServerUrls: readonly string[];
}

/** The paths of the unix sockets that clients use. */
export function socketPaths(clientUrls: readonly string[]): string[] {
  return clientUrls.filter(isUnix).map((url) => path.resolve(url.slice('unix://'.length)));
}

export function isUnix(url: string): boolean {
  return /^unix:/i.test(url);
}

/** Whatever path clients use, etcd listens in its own directory, under the name that each version accepts. */
function atServer(clientUrls: readonly string[]): readonly string[] {
  return [...new Set(clientUrls.map((url) => (isUnix(url) ? NO_NETWORK_URLS.client : url)))];
}

/**
 * The addresses that etcd listens on and those that it advertises: the same by default, without loopback addresses if
 * there are others.
 */
export function serverAddresses(options: AddressOptions): ServerAddresses {
  const clientUrls = options.noNetwork === true ? [NO_NETWORK_URLS.client] : atServer(options.clientUrls);
  const isAlone = options.noNetwork === true || options.serverUrls.length === 0;
  const serverUrls = isAlone ? [NO_NETWORK_URLS.server] : options.serverUrls;
  return {
    clientUrls,
    serverUrls,
    advertisedClientUrls: options.aClientUrls ?? withoutLocal(clientUrls),
    advertisedServerUrls: options.aServerUrls ?? withoutLocal(serverUrls),
  };
}

/**
 * How this machine reaches a server that runs in `folder`: on loopback if it listens there, else at its first
 * address. With TLS, a wildcard address means the advertised URL, because the certificate covers that.
 */
export function localEndpoint(addresses: ServerAddresses, folder: string): string {
  const { clientUrls, advertisedClientUrls } = addresses;
  const reachable = clientUrls.map((url) => reachableUrl(url, advertisedClientUrls, folder));
  const [first] = reachable;
  if (first === undefined) throw new AgentError('invalid', 'A server needs a client URL to listen on.');
  return reachable.find(isLocal) ?? first;
}

/** Whether it reaches only this machine, for every client. */
function isLocal(url: string): boolean {
  return url.startsWith('unix:') || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);
}

/** The socket of a unix URL, whose path is relative to etcd's working directory. */
export function socketPath(url: string, folder: string): string {
  return path.resolve(folder, url.slice('unix://'.length));
}

function withoutLocal(urls: readonly string[]): readonly string[] {
  const reachable = urls.filter((url) => !isLocal(url));
  if (reachable.length > 0) return reachable;
  const addresses = urls.filter((url) => !isUnix(url));
  return addresses.length > 0 ? addresses : urls;
}

function reachableUrl(url: string, advertised: readonly string[], folder: string): string {
  if (url.startsWith('unix:')) return `unix://${socketPath(url, folder)}`;
  const wildcard = /\/\/(0\.0\.0\.0|\[::\]):/.exec(url)?.[1];
  if (wildcard === undefined) return url;
  if (url.startsWith('https:')) return advertised.find((one) => one.startsWith('https:')) ?? url;
  return url.replace(wildcard, wildcard === '[::]' ? '[::1]' : '127.0.0.1');
}
