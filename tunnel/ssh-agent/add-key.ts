import { createPrivateKey, type JsonWebKey } from 'node:crypto';
import type { ParsedKey } from 'ssh2';
import { sshString, uint32 } from '../key-formats/wire-fields.js';
import { commandAgent } from './protocol.js';

/** Messages of the protocol that SSH agents speak (draft-ietf-sshm-ssh-agent). */
const ADD_IDENTITY = 17;
const ADD_CONSTRAINED = 25;
const FOR_A_TIME = 1;
const ASK_BEFORE_USE = 2;

/** How an agent is to keep a key. */
export interface AddKeyOptions {
  /** What the agent calls it. */
  readonly comment: string;
  /** Whether the agent asks its owner before each use. */
  readonly confirm: boolean;
  /** After how many seconds it forgets the key; never by default. */
  readonly lifetimeSeconds?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Gives a private key to an SSH agent to keep.
 * @throws Error when the agent does not take it, or there is none
 */
export async function addToAgent(
  socketPath: string,
  key: ParsedKey,
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

function privateFields(key: ParsedKey): Buffer[] {
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

/** As SSH writes a number of any length: without leading zeros, but with one before a first bit that is set. */
function mpint(number: Buffer): Buffer {
  const first = number.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Buffer.alloc(0) : number.subarray(first);
  return sshString((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits);
}
