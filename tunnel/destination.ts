import { isIPv6 } from 'node:net';
import { TunnelError } from './errors.js';

/** One SSH server to log in to. */
export interface Destination {
  readonly user: string;
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** The only host key to accept: `SHA256:…`, `ssh-ed25519 AAAA…` or the bare base64 key. */
  readonly hostKey?: string;
}

/** A destination as far as a text names it; ssh_config can say the rest. */
export interface NamedDestination {
  readonly user?: string;
  /** A name, an address or an alias of ssh_config; IPv6 without brackets. */
  readonly host: string;
  readonly port?: number;
  readonly hostKey?: string;
}

const DEFAULT_PORT = 22;
const HOST_NAME = /^[\p{L}\p{N}_][\p{L}\p{N}._-]*$/u;
/** A leading dash would be read as an option by programs that are handed the name. */
const USER_NAME = /^(?!-)[^\s\p{Cc}:/?#'"`;&<>|(){}[\]]+$/u;

/**
 * Reads `host`, `user@host:port`, `[::1]:22` or `ssh://user@host:port?hostkey=…`.
 * The query is taken without the scheme too; the port is 22 by default.
 *
 * @throws TunnelError `bad-destination` saying what is wrong with the text; a password in it is not repeated.
 */
export function parseDestination(
  text: string,
  { defaultUser }: { readonly defaultUser: string },
): Destination {
  const { user = defaultUser, port = DEFAULT_PORT, ...rest } = parseNamedDestination(text);
  return { user, port, ...rest };
}

/**
 * Reads the same forms, leaving open what the text does not say.
 * @throws TunnelError as {@link parseDestination}
 */
export function parseNamedDestination(text: string): NamedDestination {
  const fail = (problem: string): never => {
    const shown = withoutPassword(text);
    throw new TunnelError(
      'bad-destination',
      shown,
      `"${shown}" is not an SSH destination: ${problem}. Write user@host:port.`,
    );
  };
  const hasScheme = /^ssh:\/\//i.test(text);
  const [authority, query] = cut(hasScheme ? text.slice('ssh://'.length) : text, '?');
  const decode = hasScheme ? (part: string) => decoded(part, fail) : (part: string) => part;

  const [userInfo, address] = cutLast(hasScheme ? authority.replace(/\/$/, '') : authority, '@');
  if (userInfo?.includes(':')) return fail('it holds a password, which is never taken from there');
  const user = userInfo === undefined ? undefined : decode(userInfo);
  if (user !== undefined && !USER_NAME.test(user))
    return fail('the user name is empty or holds a character that none has');

  const hostKey = query === undefined ? undefined : parseQuery(query, fail);
  return {
    ...(user !== undefined && { user }),
    ...parseAddress(decode(address), fail),
    ...(hostKey !== undefined && { hostKey }),
  };
}

/** `user@host:port`, with an IPv6 address in brackets; {@link parseDestination} reads it back. */
export function formatDestination({ user, host, port }: Destination): string {
  return `${user}@${formatAddress(host, port)}`;
}

/** `host:port`, with an IPv6 address in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function parseAddress(
  address: string,
  fail: (problem: string) => never,
): { readonly host: string; readonly port?: number } {
  if (isIPv6(address)) return { host: address };
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(address);
  const [name, portText] = bracketed ? [bracketed[1] ?? '', bracketed[2]] : cut(address, ':');
  if (name === '') return fail('it names no host');
  if (bracketed ? !isIPv6(name) : !HOST_NAME.test(name)) return fail(`no host can be called "${name}"`);
  if (portText === undefined) return { host: name };
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65_535) return fail(`"${portText}" is not a port`);
  return { host: name, port };
}

function parseQuery(query: string, fail: (problem: string) => never): string {
  const [name, value] = cut(query, '=');
  if (name !== 'hostkey' || query.includes('&')) return fail('after "?" only hostkey=KEY can follow');
  // Not URLSearchParams: it would turn the plus signs of a base64 key pasted as it is into spaces.
  const hostKey = decoded(value ?? '', fail).trim();
  return hostKey === '' ? fail('hostkey is empty') : hostKey;
}

function decoded(text: string, fail: (problem: string) => never): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // URIError carries nothing beyond the text.
    return fail('it holds a broken percent escape');
  }
}

function withoutPassword(text: string): string {
  return text.replace(/^((?:ssh:\/\/)?[^:@]*):(?!\/\/).*@/is, '$1:…@');
}

function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function cutLast(text: string, separator: string): [string | undefined, string] {
  const at = text.lastIndexOf(separator);
  return at < 0 ? [undefined, text] : [text.slice(0, at), text.slice(at + separator.length)];
}
