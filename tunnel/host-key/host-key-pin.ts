import {
  decodeBase64,
  fingerprintOf,
  type PublicKey,
  parsePublicKey,
  readNamedKey,
} from '../../base/key-formats/parse-public-key.js';
import { TunnelError } from '../errors.js';
import type { Destination } from '../parse-destination.js';
import { formatDestination } from '../parse-destination.js';

/** Where the next pin of a list begins; comments, which may have commas, count for nothing. */
const NEXT_PIN = /,(?=\s*(?:SHA256:|ssh-|ecdsa-|AAAA))/;

/**
 * Parses pins, separated by commas: each is `SHA256:…`, `ssh-ed25519 AAAA…` (as in a .pub file) or the bare base64 key.
 * @returns at least one
 * @throws TunnelError `bad-destination` for anything else
 */
export function parseHostKeyPins(text: string, destination: Destination): HostKeyPin[] {
  return text.split(NEXT_PIN).map((one) => parsePin(one.trim(), destination));
}

function parsePin(pin: string, destination: Destination): HostKeyPin {
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

/** A key of a host, of which only such keys are accepted, whatever known_hosts files say. */
export type HostKeyPin =
  | { readonly kind: 'fingerprint'; readonly fingerprint: string }
  | { readonly kind: 'key'; readonly key: Buffer; readonly type: string };

function readBareKey(base64: string): PublicKey | undefined {
  const blob = decodeBase64(base64);
  return blob && parsePublicKey(blob);
}

export function matchesPin(key: Buffer, pin: HostKeyPin): boolean {
  return pin.kind === 'key' ? pin.key.equals(key) : pin.fingerprint === fingerprintOf(key);
}
