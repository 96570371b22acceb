import { createHmac } from 'node:crypto';
import { parsePublicKey, readNamedKey, untilNul } from '../../base/key-formats/parse-public-key.js';
import { matchesPatternList } from '../../base/match-wildcards.js';

/** One usable line of a known_hosts file. */
export interface KnownHostsLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly marker?: 'cert-authority' | 'revoked' | undefined;
  /** The first field as written (bytes, as latin1): a pattern list or one hashed name. */
  readonly hosts: string;
  /** `ssh-ed25519`, `ssh-rsa`, …; of a certificate, that of the key in it. */
  readonly type: string;
  /** The key as SSH sends it. */
  readonly key: Buffer;
  /** Whether the line has a certificate, which no presented key can equal. */
  readonly isCertificate: boolean;
}

/** What known_hosts files say about one host. */
export interface KnownHost {
  /** The name that was looked up: `host`, or `[host]:port` for ports other than 22. */
  readonly name: string;
  readonly keys: readonly KnownHostsLine[];
  /** For ports other than 22: keys under the bare name, which count if `name` has none. */
  readonly keysWithoutPort: readonly KnownHostsLine[];
  /** Under `name` or the bare name. */
  readonly revoked: readonly KnownHostsLine[];
  /** Authorities whose host certificates OpenSSH would accept, under `name` or the bare name. */
  readonly authorities: readonly KnownHostsLine[];
}

type Marker = NonNullable<KnownHostsLine['marker']>;

const MARKERS: ReadonlyMap<string, Marker> = new Map([
  ['@cert-authority', 'cert-authority'],
  ['@revoked', 'revoked'],
]);

const PORT_WITHOUT_BRACKETS = 22;

/**
 * Parses a known_hosts file exactly as OpenSSH does; invalid lines are skipped.
 * @param content the content of the file, or its bytes as a string (latin1)
 */
export function parseKnownHosts(
  content: Buffer | string,
  file: string,
  { names, firstLine = 1 }: ParseOptions = {},
): KnownHostsLine[] {
  const text = typeof content === 'string' ? content : content.toString('latin1');
  return text
    .split('\n')
    .flatMap((line, index) => parseLine(line, { file, line: firstLine + index }, names) ?? []);
}

interface ParseOptions {
  /** Only lines that match one of these names are parsed. Default: all lines. */
  readonly names?: readonly string[] | undefined;
  /** The number of the first line, for a part of a file. Default 1. */
  readonly firstLine?: number | undefined;
}

/** The names that a host can have: with its port and, for ports other than 22, without it as a fallback. */
export function namesOfHost(host: string, port: number): string[] {
  const bare = lowerCase(host);
  return port === PORT_WITHOUT_BRACKETS ? [bare] : [`[${bare}]:${port}`, bare];
}

/** Finds what is known about a host. `@cert-authority` lines vouch for certificates, never for plain keys. */
export function lookUpHost(lines: readonly KnownHostsLine[], host: string, port: number): KnownHost {
  const [name = '', bare] = namesOfHost(host, port);
  const named = lines.filter(({ hosts }) => matchesHost(hosts, name));
  const bareNamed = bare === undefined ? [] : lines.filter(({ hosts }) => matchesHost(hosts, bare));
  const all = [...named, ...bareNamed];
  return {
    name,
    keys: named.filter(({ marker }) => marker === undefined),
    keysWithoutPort: bareNamed.filter(({ marker }) => marker === undefined),
    revoked: all.filter(({ marker }) => marker === 'revoked'),
    authorities: all.filter(({ marker }) => marker === 'cert-authority'),
  };
}

/**
 * Whether the host's certificate must be checked, which ssh2 cannot do: nothing else can verify the host, or a certificate
 * by a revoked authority must be refused.
 */
export function needsHostCertificate({ authorities, keys, keysWithoutPort, revoked }: KnownHost): boolean {
  const isRevoked = authorities.some(({ key }) => revoked.some((line) => line.key.equals(key)));
  return isRevoked || (authorities.length > 0 && keys.length === 0 && keysWithoutPort.length === 0);
}

/** The line that makes a host known; with `salt` (20 bytes) the name is hashed. */
export function formatKnownHostsLine(name: string, key: Buffer, salt?: Buffer): string {
  const hosts = salt === undefined ? name : hashedName(name, salt);
  return `${hosts} ${parsePublicKey(key)?.type} ${key.toString('base64')}`;
}

/** A name as `HashKnownHosts` stores it. */
export function hashedName(name: string, salt: Buffer): string {
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

/** Whether the first field of a line matches a name (in lower case; `[host]:port` if it has a port). */
export function matchesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) {
    const [, salt] = HASHED.exec(hosts) ?? [];
    return salt !== undefined && hashedName(name, Buffer.from(salt, 'base64')) === hosts;
  }
  return matchesPatternList(lowerCase(hosts), Buffer.from(name).toString('latin1'));
}

/** The salt of a hash that OpenSSH accepts: 20 bytes. */
const HASHED = /^\|1\|([A-Za-z0-9+/]{27}=)\|/;

/** ASCII letters only, like OpenSSH. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function parseLine(
  text: string,
  place: Pick<KnownHostsLine, 'file' | 'line'>,
  names: readonly string[] | undefined,
): KnownHostsLine | undefined {
  const written = text.replace(/^[ \t]+/, '');
  if (written.startsWith('#')) return undefined;
  const { marker, rest } = readMarker(written);
  const [, hosts = '', name = '', base64 = ''] = FIELDS.exec(rest) ?? [];
  if (hosts === '' || marker === 'none of them') return undefined;
  if (names !== undefined && !names.some((one) => matchesHost(hosts, one))) return undefined;
  const key = readNamedKey(name, base64);
  if (key === undefined) return undefined;
  return {
    ...place,
    hosts,
    type: key.type,
    key: key.key,
    marker,
    isCertificate: key.isCertificate,
  };
}

/**
 * Hosts, key type and key; a comment follows. A NUL ends the line, except right after the hosts, where OpenSSH before 10
 * skips it: a revocation there counts.
 */
const FIELDS = /^([^ \t\0]+)[ \t\0][ \t]*([^ \t\0]+)[ \t]+([^ \t\0]+)/;

/** A marker ends at the first space of the line, or at a tab if there is no space. */
function readMarker(text: string): {
  readonly marker: Marker | undefined | 'none of them';
  readonly rest: string;
} {
  if (!text.startsWith('@')) return { marker: undefined, rest: text };
  const head = untilNul(text);
  const blank = head.indexOf(' ');
  const end = blank === -1 ? head.indexOf('\t') : blank;
  const marker = MARKERS.get(text.slice(0, Math.max(end, 0))) ?? 'none of them';
  const rest = text.slice(end).replace(/^[ \t]+/, '');
  return { marker: rest.startsWith('@') ? 'none of them' : marker, rest };
}
