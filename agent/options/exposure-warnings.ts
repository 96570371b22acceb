import type { ServerTls, TlsFiles } from '../cluster/server/etcd/etcd-arguments.js';
import { AgentError } from '../errors.js';
import { isLoopback, parseServerUrl, type UrlSide } from './parse-server-url.js';

/** The options that determine who can connect to a host's etcd server. */
export interface ExposureOptions {
  readonly clientUrls: readonly string[];
  readonly serverUrls: readonly string[];
  readonly tls?: ServerTls | undefined;
  /** Whether a person allowed others to connect. */
  readonly insecure?: boolean | undefined;
}

/**
 * A warning for each group of URLs through which other users could connect to the server, and so run programs as the
 * agents' users on every host.
 *
 * @throws AgentError `unsafe` if machines other than this one can reach such URLs, unless `insecure` allows it.
 */
export function exposureWarnings({
  clientUrls,
  serverUrls,
  tls,
  insecure = false,
}: ExposureOptions): string[] {
  const sides = [
    ['client', clientUrls.filter((url) => !/^unix:/i.test(url)), tls?.client],
    ['server', serverUrls.filter((url) => !/^unix:/i.test(url)), tls?.peer],
  ] as const;
  return sides.flatMap(([side, urls, files]) => {
    const open = files?.trustedCaFile === undefined ? urls.map(parseServerUrl) : [];
    const wide = open.filter((url) => !isLoopback(url));
    if (wide.length > 0 && !insecure) throw refused(side, wide.map(({ text }) => text).join(', '), files);
    const near = open.filter(isLoopback);
    return [
      ...(wide.length === 0 ? [] : [`${list(wide)} ${are(wide)} open to anyone who can reach this host`]),
      ...(near.length === 0 ? [] : [`${list(near)} ${are(near)} open to every local user of this host`]),
    ].map((who) => `${who}, who can ${PERMITTED_ACTIONS[side]}`);
  });
}

const PERMITTED_ACTIONS = {
  client: 'read and write the fleet, and run programs on all its hosts as the users of their agents',
  server: 'join the cluster, and so read and write the fleet',
} as const;

function refused(side: UrlSide, urls: string, files: TlsFiles | undefined): AgentError {
  const flags = side === 'client' ? ['--cert-file', '--key-file', '--trusted-ca-file'] : PEER_FLAGS;
  const missing = files === undefined ? flags.join(', ') : flags[2];
  const message =
    `At ${urls} anyone who can reach this host could ${PERMITTED_ACTIONS[side]}: require client certificates ` +
    `(https:// with ${missing}), or pass --insecure if only your own hosts can reach that network.`;
  return new AgentError('unsafe', message);
}

const PEER_FLAGS = ['--peer-cert-file', '--peer-key-file', '--peer-trusted-ca-file'];

function list(urls: readonly { readonly text: string }[]): string {
  return urls.map(({ text }) => text).join(', ');
}

function are({ length }: readonly unknown[]): string {
  return length === 1 ? 'is' : 'are';
}
