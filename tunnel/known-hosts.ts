import { createHmac } from 'node:crypto';

/** One usable line of a known_hosts file. */
export interface KnownHostsLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly marker?: 'cert-authority' | 'revoked';
  /** The first field as written: a pattern list or one hashed name. */
  readonly hosts: string;
  /** `ssh-ed25519`, `ssh-rsa`, … */
  readonly type: string;
  /** The key as SSH sends it. */
  readonly key: Buffer;
}

/** What known_hosts files say of one host. */
export interface KnownHost {
  /** The name it was looked up by: `host`, or `[host]:port` for another port than 22. */
  readonly name: string;
  readonly keys: readonly KnownHostsLine[];
  /** For another port than 22: keys stored under the bare name, which OpenSSH accepts too when they are equal. */
  readonly keysWithoutPort: readonly KnownHostsLine[];
  readonly revoked: readonly KnownHostsLine[];
  /** Authorities whose host certificates OpenSSH would accept. */
  readonly authorities: readonly KnownHostsLine[];
}

const MARKERS = new Map([
  ['@cert-authority', 'cert-authority' as const],
  ['@revoked', 'revoked' as const],
]);

/** Reads a known_hosts file as OpenSSH does: lines that make no sense are passed over. */
export function parseKnownHosts(text: string, file: string): KnownHostsLine[] {
  return text.split('\n').flatMap((line, index) => parseLine(line, file, index + 1) ?? []);
}

/** Finds what is known of a host. `@cert-authority` lines vouch for certificates, never for plain keys. */
export function lookUpHost(lines: readonly KnownHostsLine[], host: string, port: number): KnownHost {
  const bare = host.toLowerCase();
  const name = port === 22 ? bare : `[${bare}]:${port}`;
  const named = lines.filter(({ hosts }) => matchesHost(hosts, name));
  const bareNamed = name === bare ? [] : lines.filter(({ hosts }) => matchesHost(hosts, bare));
  return {
    name,
    keys: named.filter(({ marker }) => marker === undefined),
    keysWithoutPort: bareNamed.filter(({ marker }) => marker === undefined),
    revoked: [...named, ...bareNamed].filter(({ marker }) => marker === 'revoked'),
    authorities: named.filter(({ marker }) => marker === 'cert-authority'),
  };
}

/** Whether a host can be verified by nothing but a certificate, which ssh2 cannot read. */
export function needsHostCertificate(known: KnownHost): boolean {
  return known.authorities.length > 0 && known.keys.length === 0 && known.keysWithoutPort.length === 0;
}

/** The line that makes a host known; with `salt` (20 bytes), one that does not tell its name. */
export function formatKnownHostsLine(name: string, key: Buffer, salt?: Buffer): string {
  const hosts =
    salt === undefined ? name : `|1|${salt.toString('base64')}|${hashOf(name, salt).toString('base64')}`;
  return `${hosts} ${keyType(key)} ${key.toString('base64')}`;
}

/** Whether the first field of a line covers a name (lower case, `[host]:port` where a port belongs to it). */
export function matchesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHash(hosts, name);
  let covered = false;
  for (const pattern of hosts.toLowerCase().split(',')) {
    const isNegated = pattern.startsWith('!');
    if (!matchesPattern(isNegated ? pattern.slice(1) : pattern, name)) continue;
    if (isNegated) return false;
    covered = true;
  }
  return covered;
}

/** The type that a key says of itself; undefined when it is not a key. */
export function keyType(key: Buffer): string | undefined {
  if (key.length < 4) return undefined;
  const end = 4 + key.readUInt32BE(0);
  return end > 4 && end < key.length ? key.toString('latin1', 4, end) : undefined;
}

function parseLine(text: string, file: string, line: number): KnownHostsLine | undefined {
  const fields = text.trim().split(/[ \t\r]+/);
  const marker = MARKERS.get(fields[0] ?? '');
  const [hosts, type, base64] = marker === undefined ? fields : fields.slice(1);
  if (hosts === undefined || /^[#@]/.test(hosts) || type === undefined || base64 === undefined)
    return undefined;
  const key = Buffer.from(base64, 'base64');
  if (keyType(key) !== type) return undefined;
  return { file, line, hosts, type, key, ...(marker !== undefined && { marker }) };
}

function matchesHash(hosts: string, name: string): boolean {
  const [, version, salt, hash, rest] = hosts.split('|');
  if (version !== '1' || salt === undefined || hash === undefined || rest !== undefined) return false;
  const expected = Buffer.from(hash, 'base64');
  return hashOf(name, Buffer.from(salt, 'base64')).equals(expected);
}

function hashOf(name: string, salt: Buffer): Buffer {
  return createHmac('sha1', salt).update(name).digest();
}

function matchesPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  const source = pattern
    .replace(/\*+/g, '*')
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(name);
}
