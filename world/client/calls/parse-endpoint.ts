import { formatHostPort } from '../../../base/format-host-port.js';
import { WorldError } from '../../errors.js';

const DEFAULT_CLIENT_PORT = 2379;
const HOSTNAME = /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/;
const IPV6 = /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/;

/** Where etcd listens for clients: over TCP (IPv6 hosts without brackets) or at a unix socket. */
export type Endpoint =
  | { readonly scheme: 'http' | 'https'; readonly host: string; readonly port: number }
  | { readonly scheme: 'unix'; readonly path: string };

/**
 * Parses an endpoint or seed: `host`, `host:port`, `[::1]:2379`, `http://…`, `https://…`
 * or `unix:///absolute/path`. The default scheme is http, the default port 2379.
 * @throws WorldError `invalid`
 */
export function parseEndpoint(text: string): Endpoint {
  const trimmed = text.trim();
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(trimmed)?.[1]?.toLowerCase() ?? 'http';
  const rest = trimmed.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\//, '');
  if (scheme === 'unix') return parseUnixPath(trimmed, rest);
  if (scheme !== 'http' && scheme !== 'https') {
    throw invalid(trimmed, `the scheme "${scheme}" is not one of http, https and unix`);
  }
  if (rest.includes('@')) {
    throw new WorldError('invalid', 'An endpoint must not contain a user name or password: write host:port.');
  }
  return { scheme, ...parseAuthority(trimmed, rest.replace(/\/$/, '')) };
}

/** The URL of an endpoint as etcd and etcdctl write it; {@link parseEndpoint} parses it. */
export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.scheme === 'unix') return `unix://${endpoint.path}`;
  return `${endpoint.scheme}://${formatHostPort(endpoint.host, endpoint.port)}`;
}

function parseUnixPath(text: string, path: string): Endpoint {
  if (!path.startsWith('/') || path.endsWith('/') || path.includes('\0')) {
    throw invalid(text, 'write a unix socket as unix:///absolute/path');
  }
  return { scheme: 'unix', path };
}

function parseAuthority(text: string, authority: string): { host: string; port: number } {
  if (IPV6.test(authority) && authority.indexOf(':') !== authority.lastIndexOf(':')) {
    throw invalid(text, 'put an IPv6 address in brackets: [::1]:2379');
  }
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(authority);
  if (match === null) throw invalid(text, 'expected host:port');
  const [, ipv6, name, port] = match;
  if (ipv6 === undefined ? !HOSTNAME.test(name ?? '') : !IPV6.test(ipv6)) {
    throw invalid(text, 'expected a hostname or address before the port');
  }
  return { host: ipv6 ?? name ?? '', port: port === undefined ? DEFAULT_CLIENT_PORT : parsePort(text, port) };
}

function parsePort(text: string, port: string): number {
  const number = /^[0-9]{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65_535) throw invalid(text, 'the port must be a number from 1 to 65535');
  return number;
}

function invalid(text: string, why: string): WorldError {
  return new WorldError('invalid', `"${text}" is not a valid endpoint: ${why}.`);
}
