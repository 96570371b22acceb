import path from 'node:path';

/**
 * Where a server without network listens: unix sockets in its own working folder. etcd 3.4 takes no absolute path
 * and wants something like a port, so these are relative and called `client:0` and `peer:0`.
 */
export const noNetworkUrls = { client: 'unix://client:0', server: 'unix://peer:0' } as const;

/** What an agent was told of its addresses. */
export interface AddressOptions {
  readonly clientUrls: readonly string[];
  readonly serverUrls: readonly string[];
  readonly aClientUrls?: readonly string[] | undefined;
  readonly aServerUrls?: readonly string[] | undefined;
  readonly noNetwork?: boolean | undefined;
}

/** The addresses of one server, as etcd is told them. */
export interface ServerAddresses {
  readonly clientUrls: readonly string[];
  readonly serverUrls: readonly string[];
  readonly advertisedClientUrls: readonly string[];
  readonly advertisedServerUrls: readonly string[];
}

/** What etcd listens on and what others are told: by default the same, without what is on our loopback if more is. */
export function serverAddresses(options: AddressOptions): ServerAddresses {
  const clientUrls = options.noNetwork === true ? [noNetworkUrls.client] : options.clientUrls;
  const serverUrls = options.noNetwork === true ? [noNetworkUrls.server] : options.serverUrls;
  return {
    clientUrls,
    serverUrls,
    advertisedClientUrls: options.aClientUrls ?? withoutLocal(clientUrls),
    advertisedServerUrls: options.aServerUrls ?? withoutLocal(serverUrls),
  };
}

/**
 * How this machine reaches a server that listens at `clientUrls` and works in `folder`: on the loopback where the
 * server listens there, else at the first address.
 */
export function localEndpoint(clientUrls: readonly [string, ...string[]], folder: string): string {
  const reachable = clientUrls.map((url) => reachableUrl(url, folder));
  return reachable.find(isLocal) ?? reachable[0] ?? clientUrls[0];
}

/** Whether it leads to this machine only, whoever uses it. */
export function isLocal(url: string): boolean {
  return url.startsWith('unix:') || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);
}

/** The socket of a unix URL, whose path is relative to etcd's working folder. */
export function socketPath(url: string, folder: string): string {
  return path.resolve(folder, url.slice('unix://'.length));
}

function withoutLocal(urls: readonly string[]): readonly string[] {
  const reachable = urls.filter((url) => !isLocal(url));
  return reachable.length > 0 ? reachable : urls;
}

function reachableUrl(url: string, folder: string): string {
  if (url.startsWith('unix:')) return `unix://${socketPath(url, folder)}`;
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
