import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { readCertificates, readKeyPair, WorldError } from '../../world/internal.js';
import type { ServerAddresses } from '../cluster/server/addresses/server-addresses.js';
import type { ServerTls, TlsFiles } from '../cluster/server/etcd/etcd-arguments.js';
import { AgentError } from '../errors.js';

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
/** The URLs that others are told to use. */
type Advertised = Pick<ServerAddresses, 'advertisedClientUrls' | 'advertisedServerUrls'>;

/**
 * Checks the certificates that a server would be started with, because etcd reports their faults only in its log, or
 * to clients.
 *
 * @throws AgentError `invalid` naming the file: it is unreadable or not PEM, the key does not match, or the certificate
 * has expired, lacks serverAuth or clientAuth, or is not for an advertised address.
 */
export function checkCertificates(tls: ServerTls, advertised: Advertised, now = new Date()): void {
  try {
    if (tls.client !== undefined) checkFiles(tls.client, advertised.advertisedClientUrls, now);
    if (tls.peer !== undefined) checkFiles(tls.peer, advertised.advertisedServerUrls, now);
  } catch (error) {
    if (error instanceof WorldError) throw new AgentError('invalid', error.message, { cause: error });
    throw error;
  }
}

function checkFiles(
  { certFile, keyFile, trustedCaFile }: TlsFiles,
  urls: readonly string[],
  now: Date,
): void {
  const { certificate } = readKeyPair({ certFile, keyFile }, 'certificate');
  if (new Date(certificate.validTo) < now) {
    throw new AgentError(
      'invalid',
      `The certificate ${certFile} expired on ${certificate.validTo}: renew it.`,
    );
  }
  const usages: readonly string[] | undefined = certificate.keyUsage;
  // A server of etcd also connects, to the other servers and to itself, and shows this certificate there.
  if (usages !== undefined && !(usages.includes(SERVER_AUTH) && usages.includes(CLIENT_AUTH))) {
    throw new AgentError(
      'invalid',
      `The certificate ${certFile} must be for both serverAuth and clientAuth (extended key usage).`,
    );
  }
  const missing = urls.map(hostOf).find((host) => !isFor(certificate, host));
  if (missing !== undefined) {
    const names = certificate.subjectAltName ?? 'no name at all';
    throw new AgentError(
      'invalid',
      `The certificate ${certFile} is not for ${missing}, which others are told to use, but for ${names}.`,
    );
  }
  if (trustedCaFile !== undefined) readCertificates(trustedCaFile, 'CA certificate');
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}

function isFor(certificate: X509Certificate, host: string): boolean {
  const found =
    isIP(host) === 0 ? certificate.checkHost(host, { subject: 'never' }) : certificate.checkIP(host);
  return found !== undefined;
}
