import { createHash } from 'node:crypto';

/** A public host key, made of nothing but a number: for what only compares keys. */
export interface HostKey {
  readonly key: Buffer;
  /** `ssh-ed25519 AAAA…` */
  readonly text: string;
}

export function ed25519Key(seed: number): HostKey {
  return hostKey('ssh-ed25519', createHash('sha256').update(`key ${seed}`).digest());
}

/** A key of any type; its body need not make sense. */
export function hostKey(type: string, body: Buffer): HostKey {
  const key = Buffer.concat([lengthOf(type), Buffer.from(type), lengthOf(body), body]);
  return { key, text: `${type} ${key.toString('base64')}` };
}

function lengthOf(content: { readonly length: number }): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return length;
}
