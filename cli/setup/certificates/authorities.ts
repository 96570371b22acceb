import { X509Certificate } from 'node:crypto';
import { isRenewalDue } from '../../../world/agents/host-certificates.js';
import { authorityExpires } from '../../status/describe-authority-expiry.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * The authorities of a fleet, each on its own: the first is the one that issues certificates, the others are trusted until no
 * host needs them any more.
 */
export function splitAuthorities(pem: string | undefined): string[] {
  return (pem?.match(CERTIFICATE) ?? []).map((one) => `${one}\n`);
}

/** Several authorities as one text, for the fleet file and for etcd. */
export function joinAuthorities(certs: readonly string[]): string {
  return certs.map((cert) => `${cert.trimEnd()}\n`).join('');
}

/** What certificates are recognised by in records, in order; nothing for what is no certificate. */
export function fingerprintsOf(pem: string | undefined): string[] {
  return splitAuthorities(pem).flatMap((cert) => parsed(cert)?.fingerprint256 ?? []);
}

/** Which of the authorities issued a certificate. */
export function issuerOf(cert: string, authorities: readonly string[]): string | undefined {
  const found = parsed(cert);
  if (found === undefined) return undefined;
  return authorities.find((authority) => {
    const issuer = parsed(authority);
    return issuer !== undefined && found.verify(issuer.publicKey);
  });
}

/** What to say of an authority in the last third of its life, or past it; undefined before. */
export function authorityWarning(pem: string | undefined, now = new Date()): string | undefined {
  const [newest, ...old] = splitAuthorities(pem);
  if (newest === undefined || old.length > 0) return undefined;
  const { validFrom: from, validTo: to } = new X509Certificate(newest);
  return isRenewalDue({ from, to }, now) ? authorityExpires(to) : undefined;
}

/** What is no certificate, such as a file that was cut off, is none. */
function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
