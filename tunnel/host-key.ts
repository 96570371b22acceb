import { createHash } from 'node:crypto';
import { type Destination, formatDestination } from './destination.js';
import { TunnelError } from './errors.js';
import { type KnownHost, type KnownHostsLine, keyType } from './known-hosts.js';
import { shellWord } from './shell-words.js';
import type { StrictHostKeyChecking } from './ssh-config.js';

/** The only key to accept for a host, whatever known_hosts files say. */
export type HostKeyPin =
  | { readonly kind: 'fingerprint'; readonly fingerprint: string }
  | { readonly kind: 'key'; readonly key: Buffer; readonly type: string };

/** What a host's key is measured against. */
export interface HostKeyTrust {
  readonly destination: Destination & {
    readonly alias?: string;
    readonly strictHostKeyChecking?: StrictHostKeyChecking;
  };
  readonly pin?: HostKeyPin;
  readonly known: KnownHost;
  /** All lines that were read, whatever host they are of. */
  readonly lines?: readonly KnownHostsLine[];
}

export type HostKeyVerdict =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly error: TunnelError };

/** Host key algorithms that we accept, best first. SHA-1 signatures (`ssh-rsa`) and DSA are not among them. */
const ALGORITHMS = [
  { name: 'ssh-ed25519', type: 'ssh-ed25519' },
  { name: 'ecdsa-sha2-nistp256', type: 'ecdsa-sha2-nistp256' },
  { name: 'ecdsa-sha2-nistp384', type: 'ecdsa-sha2-nistp384' },
  { name: 'ecdsa-sha2-nistp521', type: 'ecdsa-sha2-nistp521' },
  { name: 'rsa-sha2-512', type: 'ssh-rsa' },
  { name: 'rsa-sha2-256', type: 'ssh-rsa' },
] as const;

export type HostKeyAlgorithm = (typeof ALGORITHMS)[number]['name'];

/**
 * Decides whether a host is the one we mean. The single place where a host key is accepted:
 * it must equal the pin, or without a pin one of the keys known for the host; and nobody must have revoked it.
 */
export function judgeHostKey(key: Buffer, trust: HostKeyTrust): HostKeyVerdict {
  const { pin, known } = trust;
  const revoked = known.revoked.find((line) => line.key.equals(key));
  if (revoked) return refuse(revokedError(key, trust, revoked));

  if (pin) return matchesPin(key, pin) ? { accepted: true } : refuse(pinnedError(key, trust, pin));

  const isKnown = (line: KnownHostsLine) => line.key.equals(key);
  if (known.keys.some(isKnown)) return { accepted: true };
  const replaced = known.keys.filter(({ type }) => type === keyType(key));
  if (replaced.length > 0) return refuse(changedError(key, trust, replaced));
  return known.keysWithoutPort.some(isKnown) ? { accepted: true } : refuse(unknownError(key, trust));
}

/**
 * The verdict as ssh2 must have it: it takes anything but `false` for a yes, asks again at each rekey, and needs
 * that answer at once. So only the first answer may take its time, for a person may have to be asked; it answers in
 * booleans only, and lets a rekey present nothing but the key accepted first.
 *
 * @param onRefused is told why before the answer; what `judge` rejected with, too
 */
export function rememberVerdict(
  judge: (key: Buffer) => HostKeyVerdict | Promise<HostKeyVerdict>,
  onRefused: (reason: unknown) => void,
): (key: Buffer, answer: (isAccepted: boolean) => void) => void {
  let accepted: Buffer | undefined;
  return (presented, answer) => {
    if (accepted !== undefined) {
      answer(accepted.equals(presented));
      return;
    }
    // ssh2 may use the memory for something else while a person thinks.
    const key = Buffer.from(presented);
    const settle = (verdict: HostKeyVerdict) => {
      if (verdict.accepted) accepted = key;
      else onRefused(verdict.error);
      answer(verdict.accepted);
    };
    const verdict = judge(key);
    if (!(verdict instanceof Promise)) {
      settle(verdict);
      return;
    }
    verdict.then(settle, (reason: unknown) => {
      onRefused(reason);
      answer(false);
    });
  };
}

/** `SHA256:…` as `ssh-keygen -l` shows it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/**
 * Reads a pin: `SHA256:…`, `ssh-ed25519 AAAA…` (as in a .pub file) or the bare base64 key.
 * @throws TunnelError `bad-destination` when it is none of them.
 */
export function parseHostKeyPin(text: string, destination: Destination): HostKeyPin {
  const pin = text.trim();
  if (/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(pin))
    return { kind: 'fingerprint', fingerprint: pin.replace('=', '') };
  const [first = '', second] = pin.split(/\s+/);
  const key = Buffer.from(second ?? first, 'base64');
  const type = keyType(key);
  const isKey = type !== undefined && /^[a-z0-9@.-]+$/.test(type) && (second === undefined || first === type);
  if (isKey) return { kind: 'key', key, type };
  const host = formatDestination(destination);
  throw new TunnelError(
    'bad-destination',
    host,
    `The host key given for ${host} is neither a SHA256 fingerprint nor a public key. Copy it from the output of "ssh-keygen -l" or from a .pub file.`,
  );
}

/**
 * The algorithms to offer a host: those of the keys that we know it by come first, so that it presents one of these.
 * @param wanted names to choose from in this order (HostKeyAlgorithms); those that we do not accept are left out
 */
export function orderHostKeyAlgorithms(
  { pin, known }: HostKeyTrust,
  wanted?: readonly string[],
): HostKeyAlgorithm[] {
  if (wanted !== undefined) {
    return wanted.flatMap((name) => ALGORITHMS.find((one) => one.name === name)?.name ?? []);
  }
  const types = new Set(pin?.kind === 'key' ? [pin.type] : pin ? [] : known.keys.map(({ type }) => type));
  const isWanted = ({ type }: { readonly type: string }) => types.has(type);
  return [...ALGORITHMS.filter(isWanted), ...ALGORITHMS.filter((one) => !isWanted(one))].map(
    ({ name }) => name,
  );
}

function matchesPin(key: Buffer, pin: HostKeyPin): boolean {
  return pin.kind === 'key' ? pin.key.equals(key) : pin.fingerprint === fingerprintOf(key);
}

function refuse(error: TunnelError): HostKeyVerdict {
  return { accepted: false, error };
}

function revokedError(key: Buffer, trust: HostKeyTrust, { file, line }: KnownHostsLine): TunnelError {
  const host = formatDestination(trust.destination);
  const fingerprint = fingerprintOf(key);
  return new TunnelError(
    'host-key-revoked',
    host,
    `Refused to talk to ${host}: its host key ${fingerprint} is revoked by ${file}:${line}. Give the host a new key; do not remove that line.`,
    { fingerprint, file, line },
  );
}

function pinnedError(key: Buffer, trust: HostKeyTrust, pin: HostKeyPin): TunnelError {
  const host = formatDestination(trust.destination);
  const fingerprint = fingerprintOf(key);
  const expected = pin.kind === 'key' ? fingerprintOf(pin.key) : pin.fingerprint;
  return new TunnelError(
    'host-key-changed',
    host,
    `Refused to talk to ${host}: it presented the ${keyType(key)} host key ${fingerprint}, but only ${expected} was to be accepted. Someone may be in between; if the host has a new key, give that one.`,
    { fingerprint, expectedFingerprints: [expected] },
  );
}

function changedError(key: Buffer, trust: HostKeyTrust, replaced: readonly KnownHostsLine[]): TunnelError {
  const host = formatDestination(trust.destination);
  const fingerprint = fingerprintOf(key);
  const expected = replaced.map((line) => `${fingerprintOf(line.key)} (${line.file}:${line.line})`);
  const [first] = replaced;
  const remedies = [...new Set(replaced.map(({ file }) => file))].map(
    (file) => `ssh-keygen -f ${shellWord(file)} -R ${shellWord(trust.known.name)}`,
  );
  return new TunnelError(
    'host-key-changed',
    host,
    `Refused to talk to ${host}: its ${keyType(key)} host key is now ${fingerprint}, but ${expected.join(', ')} is known. Someone may be in between; if the host was set up anew, run ${remedies.join(' and ')} and connect once with ssh.`,
    {
      fingerprint,
      expectedFingerprints: replaced.map((line) => fingerprintOf(line.key)),
      ...(first && { file: first.file, line: first.line }),
    },
  );
}

function unknownError(key: Buffer, trust: HostKeyTrust): TunnelError {
  const host = formatDestination(trust.destination);
  const fingerprint = fingerprintOf(key);
  const others = trust.known.keys.map(({ type, file, line }) => `${type} in ${file}:${line}`);
  const known = others.length > 0 ? ` (only a key of another type is: ${others.join(', ')})` : '';
  return new TunnelError(
    'host-key-unknown',
    host,
    `Refused to talk to ${host}: its ${keyType(key) ?? 'unreadable'} host key ${fingerprint} is not known${known}. Compare the fingerprint, then connect once with "${connectCommand(trust)}", or pass --ssh-hostkey ${fingerprint}.`,
    { fingerprint },
  );
}

/** What makes OpenSSH ask about the host's key. */
function connectCommand({ destination }: HostKeyTrust): string {
  const { user, host, port, alias = host, strictHostKeyChecking } = destination;
  const ask = strictHostKeyChecking === 'yes' ? '-o StrictHostKeyChecking=ask ' : '';
  return `ssh ${ask}${port === 22 ? '' : `-p ${port} `}${shellWord(`${user}@${alias}`)}`;
}
