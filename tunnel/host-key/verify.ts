import { type Destination, formatDestination } from '../destination.js';
import { TunnelError } from '../errors.js';
import {
  decodeBase64,
  fingerprintOf,
  type PublicKey,
  readNamedKey,
  readPublicKey,
} from '../key-formats/public-key.js';
import { changedError, pinnedError, revokedError, unknownError, unreadableError } from './errors.js';
import type { KnownHostsLine } from './known-hosts.js';
import { decideHostKey, type HostKeyFacts, type HostKeyPin, type HostKeyTrust } from './policy.js';

export type HostKeyVerification =
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
export function verifyHostKey(presented: Buffer, trust: HostKeyTrust): HostKeyVerification {
  const key = readPublicKey(presented);
  if (key === undefined || key.isCertificate) return refuse(unreadableError(presented, trust));
  switch (decideHostKey(factsOf(key, trust))) {
    case 'accepted':
      return { accepted: true };
    case 'revoked':
      return refuse(revokedError(key, trust));
    case 'not the pin':
      return refuse(pinnedError(key, trust));
    case 'changed':
      return refuse(changedError(key, trust));
    case 'unknown':
      return refuse(unknownError(key, trust));
  }
}

function factsOf({ key }: PublicKey, { pin, known }: HostKeyTrust): HostKeyFacts {
  const isThis = (line: KnownHostsLine) => line.key.equals(key);
  const oneOf = (lines: readonly KnownHostsLine[]) => {
    if (lines.length === 0) return 'none';
    return lines.some((line) => isThis(line) && !line.isCertificate) ? 'this' : 'others';
  };
  return {
    isRevoked: known.revoked.some(isThis),
    pin: pin === undefined ? 'none' : matchesPin(key, pin) ? 'this' : 'others',
    named: oneOf(known.keys),
    bare: oneOf(known.keysWithoutPort),
  };
}

/**
 * The verdict as ssh2 must have it: it takes anything but `false` for a yes, asks again at each rekey, and needs
 * that answer at once. So only the first answer may take its time, for a person may have to be asked; it answers in
 * booleans only, and lets a rekey present nothing but the key accepted first.
 *
 * @param onRefused is told why before the answer; what `judge` rejected with, too
 */
export function answerOnce(
  judge: (key: Buffer) => HostKeyVerification | Promise<HostKeyVerification>,
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
    const settle = (verdict: HostKeyVerification) => {
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

/**
 * Reads a pin: `SHA256:…`, `ssh-ed25519 AAAA…` (as in a .pub file) or the bare base64 key.
 * @throws TunnelError `bad-destination` when it is none of them.
 */
export function parseHostKeyPin(text: string, destination: Destination): HostKeyPin {
  const pin = text.trim();
  if (/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(pin))
    return { kind: 'fingerprint', fingerprint: pin.replace('=', '') };
  const [first = '', second] = pin.split(/\s+/);
  const key = second === undefined ? readBareKey(first) : readNamedKey(first, second);
  if (key !== undefined && !key.isCertificate) return { kind: 'key', key: key.key, type: key.type };
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
  wanted: readonly string[] = ALGORITHMS.map(({ name }) => name),
): HostKeyAlgorithm[] {
  const offered = wanted.flatMap((name) => ALGORITHMS.find((one) => one.name === name) ?? []);
  if (!isInOurOrder(offered)) return offered.map(({ name }) => name);
  const types = new Set(pin?.kind === 'key' ? [pin.type] : pin ? [] : known.keys.map(({ type }) => type));
  const isKnown = ({ type }: { readonly type: string }) => types.has(type);
  return [...offered.filter(isKnown), ...offered.filter((one) => !isKnown(one))].map(({ name }) => name);
}

/** A list that only leaves some out says nothing of their order, as with OpenSSH; another order was meant. */
function isInOurOrder(offered: readonly (typeof ALGORITHMS)[number][]): boolean {
  const places = offered.map((one) => ALGORITHMS.indexOf(one));
  return places.every((place, at) => at === 0 || place > (places[at - 1] ?? 0));
}

function readBareKey(base64: string): PublicKey | undefined {
  const blob = decodeBase64(base64);
  return blob && readPublicKey(blob);
}

function matchesPin(key: Buffer, pin: HostKeyPin): boolean {
  return pin.kind === 'key' ? pin.key.equals(key) : pin.fingerprint === fingerprintOf(key);
}

function refuse(error: TunnelError): HostKeyVerification {
  return { accepted: false, error };
}
