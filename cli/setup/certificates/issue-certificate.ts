import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import { isRenewalDue } from '../../../world/agents/host-certificates.js';
import {
  addressBytes,
  bits,
  boolean,
  explicit,
  implicit,
  integer,
  OID,
  octets,
  oid,
  sequence,
  setOf,
  utcTime,
  utf8,
} from './der.js';

/** A certificate with its private key, PEM. */
export interface CertifiedKey {
  readonly cert: string;
  readonly key: string;
}

/** Who signs the certificates of a fleet's hosts. */
export type Authority = CertifiedKey;

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;
const HOST_DAYS = 365;

/** For hosts whose clock is behind. */
const BACKDATED_MS = 5 * 60_000;

/** Makes the authority of a fleet: a new key, and a certificate that is valid for ten years. */
export function createAuthority(fleetName: string, now = new Date()): Authority {
  const { privateKey, publicKey } = newKey();
  const name = distinguishedName(`hawser ${fleetName}`);
  const keyId = keyIdOf(publicKey);
  const extensions = [
    extension(OID.basicConstraints, sequence(boolean(true), integer(Buffer.from([0]))), true),
    // keyCertSign and cRLSign
    extension(OID.keyUsage, bits(Buffer.from([0x06]), 1), true),
    extension(OID.subjectKeyId, octets(keyId)),
  ];
  const signer = { name, key: privateKey };
  const to = inDays(AUTHORITY_DAYS, now);
  const cert = certificate({ subject: name, publicKey, extensions, now, to }, signer);
  return { cert, key: pemKey(privateKey) };
}

/**
 * Makes a host a new key and certificate, for a year or as long as its authority counts, to serve and to dial the other hosts
 * with.
 * @param host.addresses every address that the host may speak from: etcd refuses a peer that speaks from another
 */
export function issueHostCertificate(
  authority: Authority,
  host: { readonly hostname: string; readonly addresses: readonly string[] },
  now = new Date(),
): CertifiedKey {
  const { privateKey, publicKey } = newKey();
  const issuer = new X509Certificate(authority.cert);
  const fleetName = /^CN=(.*)$/m.exec(issuer.subject)?.[1] ?? '';
  const names = [host.hostname, ...host.addresses, '127.0.0.1', '::1'];
  const extensions = [
    extension(OID.basicConstraints, sequence(), true),
    // digitalSignature
    extension(OID.keyUsage, bits(Buffer.from([0x80]), 7), true),
    extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth), oid(OID.clientAuth))),
    extension(OID.subjectAltName, sequence(...[...new Set(names)].map(alternativeName))),
    extension(OID.subjectKeyId, octets(keyIdOf(publicKey))),
    extension(OID.authorityKeyId, sequence(implicit(0, keyIdOf(issuer.publicKey)))),
  ];
  const to = new Date(Math.min(inDays(HOST_DAYS, now).getTime(), Date.parse(issuer.validTo)));
  const cert = certificate(
    { subject: distinguishedName(host.hostname), publicKey, extensions, now, to },
    { name: distinguishedName(fleetName), key: createPrivateKey(authority.key) },
  );
  return { cert, key: pemKey(privateKey) };
}

/** Whether a certificate is in the last third of its life, or past it. */
export function needsRenewal(cert: string, now = new Date()): boolean {
  const { validFrom: from, validTo: to } = new X509Certificate(cert);
  return isRenewalDue({ from, to }, now);
}

export function isExpired(cert: string, now = new Date()): boolean {
  return Date.parse(new X509Certificate(cert).validTo) <= now.getTime();
}

/** Whether a certificate is for all these names and addresses. */
export function covers(cert: string, hosts: readonly string[]): boolean {
  const found = new X509Certificate(cert);
  const names = found.subjectAltName?.split(', ') ?? [];
  return hosts.every((host) =>
    isIP(host) === 0 ? names.includes(`DNS:${host}`) : found.checkIP(host) !== undefined,
  );
}

interface ToBeSigned {
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly now: Date;
  readonly to: Date;
}

function inDays(days: number, now: Date): Date {
  return new Date(now.getTime() + days * DAY_MS);
}

function certificate(
  { subject, publicKey, extensions, now, to }: ToBeSigned,
  signer: { readonly name: Buffer; readonly key: KeyObject },
): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const serial = randomBytes(16);
  // Positive, and never shorter.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const from = new Date(now.getTime() - BACKDATED_MS);
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    signer.name,
    sequence(utcTime(from), utcTime(to)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  const der = sequence(body, algorithm, bits(sign('sha256', body, signer.key)));
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function newKey(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pemKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function distinguishedName(commonName: string): Buffer {
  return sequence(setOf(sequence(oid(OID.commonName), utf8(commonName.slice(0, 64)))));
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octets(value));
}

function alternativeName(name: string): Buffer {
  return isIP(name) === 0 ? implicit(2, Buffer.from(name)) : implicit(7, addressBytes(name));
}

/** As RFC 5280 makes it: the hash of the public point. */
function keyIdOf(key: KeyObject): Buffer {
  const spki = createPublicKey(key.export({ type: 'spki', format: 'pem' })).export({
    type: 'spki',
    format: 'der',
  });
  return createHash('sha1').update(spki.subarray(-65)).digest();
}
