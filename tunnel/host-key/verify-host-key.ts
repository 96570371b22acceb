import { type PublicKey, parsePublicKey } from '../../base/key-formats/parse-public-key.js';
import type { TunnelError } from '../errors.js';
import { decideHostKey, type HostKeyFacts, type HostKeyTrust } from './decide-host-key.js';
import { changedError, pinnedError, revokedError, unknownError, unreadableError } from './host-key-errors.js';
import { matchesPin } from './host-key-pin.js';
import type { KnownHostsLine } from './known-hosts.js';

export type HostKeyVerification =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly error: TunnelError };

/**
 * Decides whether a host is the intended one. This is the only place where a host key is accepted: it must equal the pin,
 * or without a pin one of the keys known for the host, and it must not be revoked.
 */
export function verifyHostKey(presented: Buffer, trust: HostKeyTrust): HostKeyVerification {
  const key = parsePublicKey(presented);
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

function factsOf({ key }: PublicKey, { pins, known }: HostKeyTrust): HostKeyFacts {
  const isThis = (line: KnownHostsLine) => line.key.equals(key);
  const oneOf = (lines: readonly KnownHostsLine[]) => {
    if (lines.length === 0) return 'none';
    return lines.some((line) => isThis(line) && !line.isCertificate) ? 'this' : 'others';
  };
  return {
    isRevoked: known.revoked.some(isThis),
    pin: pins === undefined ? 'none' : pins.some((pin) => matchesPin(key, pin)) ? 'this' : 'others',
    named: oneOf(known.keys),
    bare: oneOf(known.keysWithoutPort),
  };
}

function refuse(error: TunnelError): HostKeyVerification {
  return { accepted: false, error };
}
