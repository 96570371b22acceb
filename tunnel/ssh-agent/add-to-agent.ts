import { createPrivateKey, type JsonWebKey } from 'node:crypto';
import { sshString, uint32 } from '../../base/key-formats/wire-fields.js';
import { commandAgent } from './agent-protocol.js';

/** Messages of the SSH agent protocol (draft-ietf-sshm-ssh-agent). */
const ADD_IDENTITY = 17;
const ADD_CONSTRAINED = 25;
const FOR_A_TIME = 1;
const ASK_BEFORE_USE = 2;

/** A private key that was read. */
export interface PrivateKey {
  /** As SSH names it, such as `ssh-ed25519`. */
  readonly type: string;
  readonly comment: string;
  getPrivatePEM(): string;
}

/** How an SSH agent keeps a key. */
export interface AddKeyOptions {
  /** Its name in the SSH agent. */
  readonly comment: string;
  /** Whether the SSH agent asks its owner before each use. */
  readonly confirm: boolean;
  /** After how many seconds the SSH agent forgets the key. Default never. */
  readonly lifetimeSeconds?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Adds a private key to an SSH agent.
 * @throws Error when the SSH agent refuses it or cannot be reached
 */
export async function addToAgent(
  socketPath: string,
  key: PrivateKey,
  { comment, confirm, lifetimeSeconds, signal }: AddKeyOptions,
): Promise<void> {
  const constraints = [
    ...(lifetimeSeconds === undefined ? [] : [Buffer.from([FOR_A_TIME]), uint32(lifetimeSeconds)]),
    ...(confirm ? [Buffer.from([ASK_BEFORE_USE])] : []),
  ];
  const type = Buffer.from([constraints.length > 0 ? ADD_CONSTRAINED : ADD_IDENTITY]);
  const message = Buffer.concat([type, ...privateFields(key), sshString(comment), ...constraints]);
  await commandAgent(socketPath, message, { signal });
}

function privateFields(key: PrivateKey): Buffer[] {
  const jwk = createPrivateKey(key.getPrivatePEM()).export({ format: 'jwk' });
  const number = (name: keyof JsonWebKey) => mpint(bytes(jwk, name));
  switch (jwk.kty) {
    case 'OKP': {
      const publicHalf = bytes(jwk, 'x');
      return [
        sshString(key.type),
        sshString(publicHalf),
        sshString(Buffer.concat([bytes(jwk, 'd'), publicHalf])),
      ];
    }
    case 'RSA':
      return [
        sshString(key.type),
        number('n'),
        number('e'),
        number('d'),
        number('qi'),
        number('p'),
        number('q'),
      ];
    case 'EC': {
      const point = Buffer.concat([Buffer.from([4]), bytes(jwk, 'x'), bytes(jwk, 'y')]);
      return [
        sshString(key.type),
        sshString(key.type.replace('ecdsa-sha2-', '')),
        sshString(point),
        number('d'),
      ];
    }
    default:
      throw new TypeError(`SSH agents do not accept keys of type ${key.type}`);
  }
}

function bytes(jwk: JsonWebKey, name: keyof JsonWebKey): Buffer {
  return Buffer.from(String(jwk[name]), 'base64url');
}

/** A number of any length as SSH writes it: without leading zeros, except one before a first byte with the top bit set. */
function mpint(number: Buffer): Buffer {
  const first = number.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Buffer.alloc(0) : number.subarray(first);
  return sshString((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits);
}
