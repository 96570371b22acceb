import { isIPv4, isIPv6 } from 'node:net';
import { formatHostPort } from '../../base/format-host-port.js';
import { AgentError } from '../errors.js';

/** A URL at which etcd can listen, or that others can use. Hosts are in lower case and without brackets. */
export interface ServerUrl {
  readonly text: string;
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** Whom a URL is for: the words of messages. */
export type UrlSide = 'client' | 'server';

/**
 * Reads a URL as etcd takes it: scheme, host and port, and nothing else.
 *
 * @throws AgentError `invalid`
 */
export function parseServerUrl(text: string): ServerUrl {
  const match = /^([a-z]+):\/\/(.*)$/i.exec(text);
  if (match === null) throw refused(text, 'is not a URL: write http://host:port.');
  const scheme = match[1]?.toLowerCase() ?? '';
  const address = match[2] ?? '';
  if (scheme === 'unix')
    throw refused(
      text,
      'is a unix socket: write http://host:port for a server, or unix:///absolute/path for clients on this host.',
    );
  if (scheme !== 'http' && scheme !== 'https') throw refused(text, 'is neither http:// nor https://.');
  if (address.includes('@')) {
    throw new AgentError(
      'invalid',
      'A URL of etcd must not contain a user or a password: write http://host:port.',
    );
  }
  if (/[/?#]/.test(address)) throw refused(text, 'contains more than host and port: write http://host:port.');
  const parts = /^(\[[^[\]]*\]|[^:[\]]*):(\d{1,5})$/.exec(address);
  if (parts === null) throw refused(text, 'has no host and port: write http://host:port.');
  const [, host = '', digits = ''] = parts;
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw refused(text, 'needs a port from 1 to 65535.');
  return { text, scheme, host: plainHost(text, host), port };
}

/** @throws AgentError `invalid` for a host that etcd cannot bind to. */
export function checkListening(url: ServerUrl): void {
  if (url.host !== 'localhost' && !isIPv4(url.host) && !isIPv6(url.host)) {
    throw refused(url.text, 'names a host, but etcd listens only on addresses: write the IP address.');
  }
}

/** @throws AgentError `invalid` for an address that leads nowhere from another host. */
export function checkAdvertised(url: ServerUrl, side: UrlSide): void {
  if (!isWildcard(url.host)) return;
  throw refused(
    url.text,
    `cannot be advertised, because it stands for every address of this host: advertise a ${side} URL with one address (--advertise-${side}-urls).`,
  );
}

/** Whether only this machine reaches it. */
export function isLoopback({ host }: ServerUrl): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Whether two servers could not listen on both, because an address contains the other. */
export function collide(one: ServerUrl, other: ServerUrl): boolean {
  if (one.port !== other.port) return false;
  const [a, b] = [bound(one.host), bound(other.host)];
  if (a === b || a === '::' || b === '::') return true;
  return (a === '0.0.0.0' && isIPv4(b)) || (b === '0.0.0.0' && isIPv4(a));
}

/** The address with its port, as in a URL. */
export function formatServer({ host, port }: ServerUrl): string {
  return formatHostPort(host, port);
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Go listens on IPv4 for `localhost`. */
function bound(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host;
}

/** In the form that the URL standard gives it, so that equal addresses are equal. */
function plainHost(text: string, host: string): string {
  if (host === '' || !URL.canParse(`http://${host}`)) throw refused(text, 'has no valid host.');
  return new URL(`http://${host}`).hostname.replace(/^\[(.*)\]$/, '$1');
}

function refused(text: string, why: string): AgentError {
  return new AgentError('invalid', `${text === '' ? 'The empty text' : text} ${why}`);
}
