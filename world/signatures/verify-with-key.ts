import { createHash, createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { FieldReader } from '../../base/key-formats/wire-fields.js';

/** The hash that each algorithm signs with, by the names of RFC 5656 and RFC 8332. `ssh-rsa` (SHA-1) is not one of them. */
const HASHES: Readonly<Record<string, string | undefined>> = {
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
};

/** ssh-keygen accepts no shorter key. */
const MIN_RSA_BYTES = 128;

const CURVES: Readonly<Record<string, { readonly name: string; readonly bytes: number } | undefined>> = {
  nistp256: { name: 'P-256', bytes: 32 },
  nistp384: { name: 'P-384', bytes: 48 },
  nistp521: { name: 'P-521', bytes: 66 },
};

/** The flag of a FIDO key that somebody touched it. */
const USER_PRESENT = 1;

/**
 * Whether `signature` (algorithm and bytes, as SSH writes them) is one of a key over `data`. Of FIDO keys only those are
 * accepted that somebody touched.
 */
export function verifyWithKey(key: Buffer, signature: Buffer, data: Buffer): boolean {
  const fields = new FieldReader(key);
  const type = fields.text() ?? '';
  const signed = new FieldReader(signature);
  const [algorithm = '', bytes] = [signed.text(), signed.string()];
  if (bytes === undefined) return false;
  if (type === 'ssh-rsa') {
    const hash = algorithm.startsWith('rsa-') ? HASHES[algorithm] : undefined;
    return hash !== undefined && signed.isAtEnd && verifyRsa(hash, fields, { bytes, data });
  }
  return algorithm === type && verifyOnCurve(type, fields, { bytes, data, rest: signed });
}

function verifyOnCurve(
  type: string,
  key: FieldReader,
  { bytes, data, rest }: Signed & { readonly rest: FieldReader },
): boolean {
  const curve = type.endsWith('ed25519') || type.endsWith('ed25519@openssh.com') ? undefined : key.text();
  const publicKey = curve === undefined ? ed25519Key(key) : ecdsaKey(curve, key);
  const told = type.startsWith('sk-') ? signedByToken(key, rest, data) : data;
  if (told === undefined || !rest.isAtEnd) return false;
  if (curve === undefined) return verify(null, told, publicKey, bytes);
  const hash = HASHES[type.replace(/^sk-/, '').replace(/@openssh\.com$/, '')];
  return hash !== undefined && verifyEcdsa(hash, { curve, publicKey }, { bytes, data: told });
}

interface Signed {
  readonly bytes: Buffer;
  readonly data: Buffer;
}

function ed25519Key(fields: FieldReader): KeyObject {
  return publicKeyOf({ kty: 'OKP', crv: 'Ed25519', x: base64Url(fields.string()) });
}

function ecdsaKey(curve: string, fields: FieldReader): KeyObject {
  const { name, bytes } = CURVES[curve] ?? { name: curve, bytes: 0 };
  const point = fields.string() ?? Buffer.alloc(0);
  const [x, y] = [point.subarray(1, 1 + bytes), point.subarray(1 + bytes)];
  return publicKeyOf({ kty: 'EC', crv: name, x: base64Url(x), y: base64Url(y) });
}

function verifyEcdsa(
  hash: string,
  { curve, publicKey }: { readonly curve: string; readonly publicKey: KeyObject },
  { bytes, data }: Signed,
): boolean {
  const length = CURVES[curve]?.bytes ?? 0;
  const fields = new FieldReader(bytes);
  const [r, s] = [fields.number(), fields.number()];
  if (r === undefined || s === undefined || !fields.isAtEnd || r.length > length || s.length > length)
    return false;
  const both = Buffer.concat([leftPad(r, length), leftPad(s, length)]);
  return verify(hash, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, both);
}

function verifyRsa(hash: string, fields: FieldReader, { bytes, data }: Signed): boolean {
  const [exponent, modulus] = [fields.number(), fields.number()];
  if (exponent === undefined || modulus === undefined || modulus.length < MIN_RSA_BYTES) return false;
  if (bytes.length > modulus.length) return false;
  const publicKey = publicKeyOf({ kty: 'RSA', n: base64Url(modulus), e: base64Url(exponent) });
  // OpenSSH leaves out leading zero bytes of the signature.
  return verify(hash, data, publicKey, leftPad(bytes, modulus.length));
}

/** What a token signs (PROTOCOL.u2f of OpenSSH); undefined where nobody touched it. */
function signedByToken(key: FieldReader, signed: FieldReader, data: Buffer): Buffer | undefined {
  const application = key.string();
  const [flags, counter] = [signed.byte(), signed.uint32()];
  if (application === undefined || flags === undefined || counter === undefined || !signed.isAtEnd)
    return undefined;
  if ((flags & USER_PRESENT) === 0) return undefined;
  const counted = Buffer.alloc(5);
  counted.writeUInt8(flags, 0);
  counted.writeUInt32BE(counter, 1);
  return Buffer.concat([sha256(application), counted, sha256(data)]);
}

function publicKeyOf(key: JsonWebKey): KeyObject {
  return createPublicKey({ key, format: 'jwk' });
}

function base64Url(bytes: Buffer | undefined): string {
  return (bytes ?? Buffer.alloc(0)).toString('base64url');
}

function leftPad(bytes: Buffer, length: number): Buffer {
  return Buffer.concat([Buffer.alloc(Math.max(0, length - bytes.length)), bytes]);
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}
