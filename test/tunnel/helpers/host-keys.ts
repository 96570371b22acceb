import { createECDH, createHash } from 'node:crypto';

/** A public host key that OpenSSH takes for one, made of nothing but a number: for what only compares keys. */
export interface HostKey {
  readonly key: Buffer;
  /** `ssh-ed25519 AAAA…` */
  readonly text: string;
}

const EXPONENT = Buffer.from([1, 0, 1]);

export function ed25519Key(seed: number): HostKey {
  return hostKey('ssh-ed25519', bytes(`key ${seed}`, 32));
}

/** Nobody can have its private half. */
export function rsaKey(seed: number, bits = 2_048): HostKey {
  const modulus = bytes(`rsa ${seed}`, bits / 8);
  modulus[0] = 0xc0 | (modulus[0] ?? 0);
  return hostKey('ssh-rsa', EXPONENT, Buffer.concat([Buffer.alloc(1), modulus]));
}

export function ecdsaKey(seed: number): HostKey {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(bytes(`ecdsa ${seed}`, 32));
  return hostKey('ecdsa-sha2-nistp256', Buffer.from('nistp256'), pair.getPublicKey());
}

/** One in a FIDO token. */
export function tokenKey(seed: number): HostKey {
  return hostKey('sk-ssh-ed25519@openssh.com', bytes(`token ${seed}`, 32), Buffer.from('ssh:'));
}

/** A key of any type and any parts; they need not make sense. */
function hostKey(type: string, ...parts: readonly Buffer[]): HostKey {
  const key = Buffer.concat([Buffer.from(type), ...parts].flatMap((part) => [lengthOf(part), part]));
  return { key, text: `${type} ${key.toString('base64')}` };
}

/** The same for the same seed. */
function bytes(seed: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, index) =>
    createHash('sha512').update(`${seed} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

function lengthOf(content: { readonly length: number }): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return length;
}
