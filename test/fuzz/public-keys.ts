import { createECDH, createHash, createPrivateKey, sign } from 'node:crypto';
import fc from 'fast-check';
import { mutated } from './mutated.js';

/** Parts of a key, each of which is sent with its length before it; bytes after them are sent as they are. */
export interface Blob {
  readonly parts: readonly Buffer[];
  readonly tail?: Buffer;
}

/** Names that OpenSSH knows keys by, and some that it does not. */
const TYPE_NAMES = [
  'ssh-ed25519',
  'ssh-rsa',
  'rsa-sha2-256',
  'rsa-sha2-512',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'webauthn-sk-ecdsa-sha2-nistp256@openssh.com',
  'ssh-ed25519-cert-v01@openssh.com',
  'ssh-rsa-cert-v01@openssh.com',
  'ED25519',
  'RSA',
  'ssh-ed448',
  'SSH-ED25519',
  'null',
];

const typeName: fc.Arbitrary<string> = fc.constantFrom(...TYPE_NAMES);

const CURVES = { nistp256: 'prime256v1', nistp384: 'secp384r1', nistp521: 'secp521r1' } as const;

/** The same bytes for the same seed. */
export function bytesOf(seed: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, index) =>
    createHash('sha512').update(`${seed} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

const ed25519 = (seed: number): Blob => ({ parts: [Buffer.from('ssh-ed25519'), bytesOf(`ed ${seed}`, 32)] });

/** `zeros` more than a number needs. */
function rsa(seed: number, bits: number, zeros = 1, name = 'ssh-rsa'): Blob {
  const modulus = bytesOf(`rsa ${seed}`, Math.ceil(bits / 8));
  const top = (bits - 1) % 8;
  modulus[0] = ((modulus[0] ?? 0) & ((1 << top) - 1)) | (1 << top);
  return {
    parts: [Buffer.from(name), Buffer.from([1, 0, 1]), Buffer.concat([Buffer.alloc(zeros), modulus])],
  };
}

function dss(seed: number): Blob {
  const numbers = [128, 20, 128, 128].map((length, index) =>
    Buffer.concat([Buffer.alloc(1), bytesOf(`dss ${seed} ${index}`, length)]),
  );
  return { parts: [Buffer.from('ssh-dss'), ...numbers] };
}

function ecdsa(seed: number, curve: keyof typeof CURVES, prefix = 'ecdsa-sha2-', suffix = ''): Blob {
  const pair = createECDH(CURVES[curve]);
  pair.setPrivateKey(bytesOf(`ecdsa ${seed}`, 31));
  const name = `${prefix}${curve}${suffix}`;
  return { parts: [Buffer.from(name), Buffer.from(curve), pair.getPublicKey()] };
}

const token = (seed: number): Blob => ({
  parts: [Buffer.from('sk-ssh-ed25519@openssh.com'), bytesOf(`token ${seed}`, 32), Buffer.from('ssh:')],
});

const tokenEcdsa = (seed: number): Blob => {
  const { parts } = ecdsa(seed, 'nistp256', 'sk-ecdsa-sha2-', '@openssh.com');
  return { parts: [...parts, Buffer.from('ssh:')] };
};

/** A host certificate for the key with the same seed, signed by an authority. */
function certificate(seed: number): Blob {
  const pkcs8 = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    bytesOf('authority', 32),
  ]);
  const authority = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const publicHalf = Buffer.from(String(authority.export({ format: 'jwk' })['x']), 'base64url');
  const strings = (...parts: readonly (string | Buffer)[]) =>
    encode({ parts: parts.map((part) => Buffer.from(part)) });
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32BE(2, 8);
  const body = Buffer.concat([
    strings('ssh-ed25519-cert-v01@openssh.com', bytesOf(`nonce ${seed}`, 32), bytesOf(`ed ${seed}`, 32)),
    numbers,
    strings('id', strings('h')),
    Buffer.alloc(8),
    Buffer.alloc(8, 0xff),
    strings('', '', '', strings('ssh-ed25519', publicHalf)),
  ]);
  const signature = sign(null, body, authority);
  return { parts: [], tail: Buffer.concat([body, strings(strings('ssh-ed25519', signature))]) };
}

/** A key as SSH sends it. */
export function encode({ parts, tail = Buffer.alloc(0) }: Blob): Buffer {
  const lengths = parts.map(({ length }) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(length);
    return bytes;
  });
  return Buffer.concat([...parts.flatMap((part, index) => [lengths[index] ?? part, part]), tail]);
}

/** Keys that OpenSSH takes; a few, so that they meet again. */
export const goodKeys: readonly Blob[] = [
  ...[1, 2, 3].map(ed25519),
  rsa(1, 2_048),
  rsa(2, 1_024),
  rsa(3, 3_071, 0),
  ecdsa(1, 'nistp256'),
  ecdsa(2, 'nistp384'),
  ecdsa(3, 'nistp521'),
  token(1),
  tokenEcdsa(1),
  certificate(1),
];

/** Keys that it takes in one form and writes in another, and that it does not take. */
const oddKeys: readonly Blob[] = [
  rsa(1, 2_048, 3),
  rsa(1, 2_048, 0),
  rsa(1, 1_023, 1),
  rsa(1, 512),
  rsa(1, 16_384),
  rsa(1, 16_392),
  rsa(1, 2_048, 1, 'rsa-sha2-256'),
  dss(1),
  { parts: [Buffer.from('ssh-ed25519\0'), bytesOf('ed 1', 32)] },
  { parts: [Buffer.from('ssh-ed25519\0\0'), bytesOf('ed 1', 32)] },
  { parts: [Buffer.from('ssh-ed25519'), bytesOf('ed 1', 31)] },
  { parts: [Buffer.from('ssh-ed25519'), bytesOf('ed 1', 33)] },
  { parts: [Buffer.from('ssh-ed25519'), bytesOf('ed 1', 32), Buffer.alloc(0)] },
  { parts: [Buffer.from('ssh-ed25519'), bytesOf('ed 1', 32)], tail: Buffer.alloc(1) },
  { parts: [Buffer.from('ecdsa-sha2-nistp256'), Buffer.from('nistp256'), bytesOf('point', 65)] },
  {
    parts: [
      Buffer.from('ecdsa-sha2-nistp256'),
      Buffer.from('nistp256\0'),
      ecdsa(1, 'nistp256').parts[2] ?? Buffer.alloc(0),
    ],
  },
  {
    parts: [
      Buffer.from('ecdsa-sha2-nistp256'),
      Buffer.from('nistp384'),
      ecdsa(1, 'nistp256').parts[2] ?? Buffer.alloc(0),
    ],
  },
  {
    parts: [
      Buffer.from('ecdsa-sha2-nistp384'),
      Buffer.from('nistp256'),
      ecdsa(1, 'nistp256').parts[2] ?? Buffer.alloc(0),
    ],
  },
  { parts: [] },
];

const flipped = fc
  .tuple(fc.constantFrom(...goodKeys, ...oddKeys), fc.nat(), fc.nat(7))
  .map(([key, at, bit]) => {
    const bytes = Buffer.from(encode(key));
    if (bytes.length > 0) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit);
    return bytes;
  });

/** Keys as SSH sends them, good and bad. */
export const keyBlob: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...goodKeys).map(encode) },
  { weight: 3, arbitrary: fc.constantFrom(...oddKeys).map(encode) },
  { weight: 2, arbitrary: flipped },
  {
    weight: 1,
    arbitrary: flipped.chain((bytes) => fc.nat(bytes.length).map((end) => bytes.subarray(0, end))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)) },
);

/** Base64 as it should be, and as it should not. */
const base64: fc.Arbitrary<string> = keyBlob.chain((blob) => {
  const text = blob.toString('base64');
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant(text) },
    { weight: 1, arbitrary: fc.constant(text.replace(/=+$/, '')) },
    { weight: 1, arbitrary: fc.constant(`${text}=`) },
    { weight: 1, arbitrary: fc.constant(blob.toString('base64url')) },
    { weight: 1, arbitrary: fc.constant(text.replace(/[A-Za-z](=*)$/, (_, pad) => `B${pad}`)) },
    { weight: 3, arbitrary: mutated(fc.constant(text)) },
  );
});

/** The name that a key gives itself, mostly. */
function nameIn(text: string): string {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length < 4) return 'ssh-ed25519';
  return bytes.toString('latin1', 4, 4 + bytes.readUInt32BE(0)).replace(/[\0\s]/g, '') || 'ssh-ed25519';
}

/** `ssh-ed25519 AAAA…`, good and bad. */
export const keyText: fc.Arbitrary<string> = fc
  .tuple(
    base64,
    fc.option(typeName, { freq: 6 }),
    fc.constantFrom(' ', ' ', ' ', '\t', '  ', ' \t', '\r', '\xa0'),
  )
  .map(([key, name, gap]) => `${name ?? nameIn(key)}${gap}${key}`);
