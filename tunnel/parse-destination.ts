import { isIP, isIPv6 } from 'node:net';
import { formatHostPort } from '../base/format-host-port.js';
import { TunnelError } from './errors.js';
import { nameProblem } from './user-and-host-name-rules.js';

/** One SSH server to log in to. */
export interface Destination {
  readonly user: string;
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** The only host key to accept: `SHA256:…`, `ssh-ed25519 AAAA…` or the bare base64 key; several with commas between. */
  readonly hostKey?: string | undefined;
}

/** A destination as far as a text names it; ssh_config says the rest. */
export interface NamedDestination {
  readonly user?: string | undefined;
  /** A name, an address or an alias of ssh_config; IPv6 without brackets. */
  readonly host: string;
  readonly port?: number | undefined;
  readonly hostKey?: string | undefined;
}

const DEFAULT_PORT = 22;

/** A parsed destination, with what only ssh_config can decide. */
export interface ReadDestination {
  readonly destination: NamedDestination;
  /**
   * For `user:more@host`: the error to throw unless ssh_config names that exact user for the host, because `more` would be
   * a password. The error does not repeat it.
   */
  readonly suspected?: TunnelError | undefined;
}

/**
 * Parses `host`, `user@host:port`, `[::1]:22` or `ssh://user@host:port?hostkey=…`. The query works without the scheme too;
 * the default port is 22. Write a user name that contains a colon as `ssh://ann%3Atarget@host`.
 *
 * @throws TunnelError `bad-destination` saying what is wrong with the text; a password in it is not repeated
 */
export function parseDestination(
  text: string,
  { defaultUser }: { readonly defaultUser: string },
): Destination {
  const { user = defaultUser, port = DEFAULT_PORT, ...rest } = parseNamedDestination(text);
  return { user, port, ...rest };
}

/**
 * Parses the same forms, leaving undefined what the text does not say.
 * @throws TunnelError as {@link parseDestination}
 */
export function parseNamedDestination(text: string): NamedDestination {
  const { destination, suspected } = readDestination(text);
  if (suspected) throw suspected;
  return destination;
}

/**
 * Parses the same forms, without deciding whether an apparent password is part of the user name.
 * @throws TunnelError as {@link parseDestination}
 */
export function readDestination(text: string): ReadDestination {
  const fail = (problem: string): never => {
    throw notOne(text, `${problem}. Write user@host:port`);
  };
  const hasScheme = /^ssh:\/\//i.test(text);
  const [authority, query] = cut(hasScheme ? text.slice('ssh://'.length) : text, '?');
  const decode = hasScheme ? (part: string) => decoded(part, fail) : (part: string) => part;

  const [userInfo, written] = cutLast(hasScheme ? authority.replace(/\/$/, '') : authority, '@');
  const user = userInfo === undefined ? undefined : decode(userInfo);
  const problem = user === undefined ? undefined : nameProblem('given user', user);
  if (problem !== undefined) {
    const advice = /empty|^begins/.test(problem) ? '' : '; if it is correct, set "User" in ssh_config';
    return fail(`the user name ${problem}${advice}`);
  }
  if (hasScheme && /[/#]/.test(written)) return fail('only ?hostkey=KEY can follow the port');
  const hostKey = query === undefined ? undefined : parseQuery(query, fail);
  const destination = {
    ...(user !== undefined && { user }),
    ...parseAddress(decode(written), fail),
    ...(hostKey !== undefined && { hostKey }),
  };
  return userInfo?.includes(':') ? { destination, suspected: holdsPassword(text) } : { destination };
}

/** How to parse a hop. */
export interface HopOptions {
  /** The port of a service such as `ssh`; undefined for an unknown service. */
  readonly portOf: (service: string) => number | undefined;
}

/**
 * Parses one hop of ProxyJump in ssh_config, in every form that OpenSSH accepts and `ssh -G` prints:
 * `user@host:port`, `[host]:port`, `ssh://user@host:port`.
 *
 * @throws TunnelError `bad-destination`
 */
export function parseHop(text: string, { portOf }: HopOptions): NamedDestination {
  const fail = (problem: string): never => {
    throw notOne(text, `${problem}. Fix the ProxyJump`);
  };
  const hasScheme = text.startsWith('ssh://');
  const plain = hasScheme ? text.slice('ssh://'.length).replace(/\/$/, '') : text;
  const [userInfo, address] = cutLast(plain, '@');
  // A URI may have parameters after a semicolon, which OpenSSH ignores.
  const user = hasScheme ? userInfo && decoded(userInfo.replace(/;.*/s, ''), fail) : userInfo;
  const userProblem = user === undefined ? undefined : nameProblem('configured user', user);
  if (userProblem !== undefined) return fail(`the user name ${userProblem}`);
  const [, bracketed, bare = '', portText = ''] =
    /^(?:\[([^\]]*)\]|([^:/]*))(?::(.*))?$/s.exec(address) ?? [];
  const host = bracketed ?? bare;
  const hostProblem = nameProblem('configured host', host);
  if (hostProblem !== undefined) return fail(`the host name ${hostProblem}`);
  const port = portText === '' ? undefined : (portNumber(portText) ?? portOf(portText));
  if (port === undefined && portText !== '') return fail(`"${portText}" is not a port`);
  return { host, ...(user !== undefined && { user }), ...(port !== undefined && { port }) };
}

/**
 * `user@host:port`, with IPv6 addresses in brackets; {@link parseDestination} parses it. A user name with a colon, which
 * would look like a password, makes it an `ssh://` URL.
 */
export function formatDestination({ user, host, port }: Destination): string {
  if (!user.includes(':')) return `${user}@${formatHostPort(host, port)}`;
  const escaped = host.includes(':') ? `[${host.replaceAll('%', '%25')}]` : encodeURIComponent(host);
  return `ssh://${encodeURIComponent(user)}@${escaped}:${port}`;
}

function notOne(text: string, problem: string): TunnelError {
  const shown = withoutPassword(text);
  return new TunnelError('bad-destination', shown, `"${shown}" is not an SSH destination: ${problem}.`);
}

function holdsPassword(text: string): TunnelError {
  return notOne(
    text,
    'it contains a password, which is never read from there. If it is part of the user name, set "User" in ssh_config or write ssh://NAME%3AREST@host',
  );
}

function parseAddress(
  address: string,
  fail: (problem: string) => never,
): { readonly host: string; readonly port?: number | undefined } {
  if (isIPv6(address)) return { host: address };
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(address);
  const [name, portText] = bracketed ? [bracketed[1] ?? '', bracketed[2]] : cut(address, ':');
  if (name === '') return fail('it names no host');
  const problem = bracketed
    ? isIP(name) === 0
      ? 'is not an address'
      : undefined
    : nameProblem('given host', name);
  if (problem !== undefined) return fail(`the host "${name}" ${problem}`);
  if (portText === undefined) return { host: name };
  const port = portNumber(portText);
  return port === undefined ? fail(`"${portText}" is not a port`) : { host: name, port };
}

function portNumber(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function parseQuery(query: string, fail: (problem: string) => never): string {
  const [name, value] = cut(query, '=');
  if (name !== 'hostkey' || query.includes('&')) return fail('after "?" only hostkey=KEY can follow');
  // Not URLSearchParams: it would turn plus signs of a pasted base64 key into spaces.
  const hostKey = decoded(value ?? '', fail).trim();
  return hostKey === '' ? fail('hostkey is empty') : hostKey;
}

function decoded(text: string, fail: (problem: string) => never): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // The URIError says nothing more.
    return fail('it contains a broken percent escape');
  }
}

/** A destination as written, safe to show. */
export function withoutPassword(text: string): string {
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
