import { TunnelError } from '../errors.js';
import {
  decodeBase64,
  fingerprintOf,
  type PublicKey,
  parsePublicKey,
  readNamedKey,
} from '../key-formats/parse-public-key.js';
import type { Destination } from '../parse-destination.js';
import { formatDestination } from '../parse-destination.js';

/**
 * Parses a pin: `SHA256:…`, `ssh-ed25519 AAAA…` (as in a .pub file) or the bare base64 key.
 * @throws TunnelError `bad-destination` for anything else
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

/** The only key to accept for a host, whatever known_hosts files say. */
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
