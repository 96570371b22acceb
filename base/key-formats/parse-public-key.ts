import { createHash, ECDH } from 'node:crypto';
import { FieldReader, joinStrings, numberBytes } from './wire-fields.js';

/** A public key as OpenSSH understands it. */
export interface PublicKey {
  /** `ssh-ed25519`, `ssh-rsa`, …; of a certificate, that of the key in it. */
  readonly type: string;
  /** As SSH sends it, normalised as OpenSSH would write it: equal keys have equal bytes. */
  readonly key: Buffer;
  /** Whether it came in a certificate, of which only the key was read. */
  readonly isCertificate: boolean;
}

interface Kind {
  readonly type: string;
  readonly family: 'ed25519' | 'ecdsa' | 'rsa' | 'dss';
  readonly isCertificate: boolean;
  /** Whether it is on a FIDO token. */
  readonly isSecurityKey: boolean;
}

const MIN_RSA_BITS = 1_024;
const UNCOMPRESSED = 4;

/** The bits of the group's order, and the bytes of a coordinate. */
const CURVES = new Map([
  ['nistp256', { name: 'prime256v1', bits: 256, bytes: 32 }],
  ['nistp384', { name: 'secp384r1', bits: 384, bytes: 48 }],
  ['nistp521', { name: 'secp521r1', bits: 521, bytes: 66 }],
]);

/** Every key type name that OpenSSH accepts, including RSA signature algorithms. */
const KINDS: ReadonlyMap<string, Kind> = new Map(
  [
    ['ssh-ed25519', 'ed25519'] as const,
    ['sk-ssh-ed25519@openssh.com', 'ed25519'] as const,
    ['ecdsa-sha2-nistp256', 'ecdsa'] as const,
    ['ecdsa-sha2-nistp384', 'ecdsa'] as const,
    ['ecdsa-sha2-nistp521', 'ecdsa'] as const,
    ['sk-ecdsa-sha2-nistp256@openssh.com', 'ecdsa', 'webauthn-sk-ecdsa-sha2-nistp256@openssh.com'] as const,
    ['ssh-rsa', 'rsa', 'rsa-sha2-256', 'rsa-sha2-512'] as const,
    ['ssh-dss', 'dss'] as const,
  ].flatMap(([type, family, ...aliases]) =>
    [type, ...aliases].flatMap((name): [string, Kind][] => {
      const kind = { type, family, isSecurityKey: type.startsWith('sk-') };
      const certificate = `${name.replace('@openssh.com', '')}-cert-v01@openssh.com`;
      return [
        [name, { ...kind, isCertificate: false }],
        [certificate, { ...kind, isCertificate: true }],
      ];
    }),
  ),
);

/**
 * Parses a key as SSH sends it, by OpenSSH's rules; undefined for anything that OpenSSH would reject. The signature of a
 * certificate is not verified, because nothing here trusts it.
 */
export function parsePublicKey(blob: Buffer): PublicKey | undefined {
  const fields = new FieldReader(blob);
  const name = fields.text();
  const kind = name === undefined ? undefined : KINDS.get(name);
  if (kind === undefined) return undefined;
  if (kind.isCertificate && fields.string() === undefined) return undefined;
  const parts = readParts(kind, fields);
  if (parts === undefined || !(kind.isCertificate || fields.isAtEnd)) return undefined;
  const { type, isCertificate } = kind;
  return { type, key: joinStrings([Buffer.from(type), ...parts]), isCertificate };
}

/** Parses a key as in files: `ssh-ed25519 AAAA…`. The name must match the key inside. */
export function readNamedKey(name: string, base64: string): PublicKey | undefined {
  const kind = KINDS.get(name);
  const blob = kind && decodeBase64(base64);
  const key = blob && parsePublicKey(blob);
  return key?.type === kind?.type && key?.isCertificate === kind?.isCertificate ? key : undefined;
}

/** The type that a key names, even if it is not a valid key. */
export function keyType(blob: Buffer): string | undefined {
  const name = new FieldReader(blob).string();
  return name === undefined || name.length === 0 || 4 + name.length === blob.length
    ? undefined
    : name.toString('latin1');
}

/** `SHA256:…` as `ssh-keygen -l` shows it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The part of a line that a C program sees. */
export function untilNul(line: string): string {
  const nul = line.indexOf('\0');
  return nul === -1 ? line : line.slice(0, nul);
}

/** Decodes base64 as OpenSSH does: white space is ignored, anything else that is not base64 makes it invalid. */
export function decodeBase64(text: string): Buffer | undefined {
  const dense = text.replace(/[ \t\n\v\f\r]/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(dense) || dense.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(dense, 'base64');
  // Unused bits in the last character must be zero.
  return bytes.toString('base64') === dense ? bytes : undefined;
}

/** The fields after the type in a key, normalised as OpenSSH would write them. */
function readParts({ type, family, isSecurityKey }: Kind, fields: FieldReader): Buffer[] | undefined {
  const parts = PARTS[family](fields, type);
  if (parts === undefined || !isSecurityKey) return parts;
  const application = fields.text();
  return application === undefined ? undefined : [...parts, Buffer.from(application, 'latin1')];
}

const PARTS: Record<Kind['family'], (fields: FieldReader, type: string) => Buffer[] | undefined> = {
  ed25519(fields) {
    const key = fields.string();
    return key?.length === 32 ? [key] : undefined;
  },
  ecdsa(fields, type) {
    const curve = fields.text();
    const point = fields.string();
    if (curve === undefined || point === undefined || !type.includes(`-${curve}`)) return undefined;
    return isOnCurve(point, curve) ? [Buffer.from(curve), point] : undefined;
  },
  rsa(fields) {
    const numbers = [fields.number(), fields.number()];
    const [exponent, modulus] = numbers;
    if (exponent === undefined || modulus === undefined) return undefined;
    return bitsOf(modulus) >= MIN_RSA_BITS ? [exponent, modulus].map(numberBytes) : undefined;
  },
  dss(fields) {
    const numbers = [1, 2, 3, 4].map(() => fields.number()).filter((number) => number !== undefined);
    return numbers.length === 4 ? numbers.map(numberBytes) : undefined;
  },
};

function isOnCurve(point: Buffer, name: string): boolean {
  const curve = CURVES.get(name);
  if (curve === undefined || point[0] !== UNCOMPRESSED || point.length !== 1 + 2 * curve.bytes) return false;
  const [x, y] = [point.subarray(1, 1 + curve.bytes), point.subarray(1 + curve.bytes)];
  const isLong = (number: Buffer) => bitsOf(number) > Math.floor(curve.bits / 2);
  if (!isLong(x) || !isLong(y)) return false;
  try {
    ECDH.convertKey(point, curve.name);
    return true;
  } catch {
    return false;
  }
}

function bitsOf(number: Buffer): number {
  const start = number.findIndex((byte) => byte !== 0);
  if (start === -1) return 0;
  return (number.length - start) * 8 - Math.clz32(number[start] ?? 0) + 24;
}
