import type { X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { readCertificates, readKeyPair, WorldError } from '../../world/index-without-ssh.js';
import type { ServerAddresses } from '../cluster/server/addresses/server-addresses.js';
import type { ServerTls, TlsFiles } from '../cluster/server/etcd/etcd-arguments.js';
import { AgentError } from '../errors.js';
import { checkFolderOwner } from '../prefix/check-folder-owner.js';

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/**
 * Creates the prefix, for its owner only, if it does not exist.
 *
 * @throws AgentError `invalid` naming the folder and why it cannot be written; `unsafe` if another user owns it or
 * could replace it.
 */
export function checkPrefix(prefix: string): void {
  try {
    makeFolder(prefix);
    checkFolderOwner(prefix);
    accessSync(prefix, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const why = ERRNO_MEANINGS[code] ?? message;
    throw new AgentError(
      'invalid',
      `Cannot write to the prefix ${prefix}: ${why}. Choose another with --prefix, or run as a user with permission.`,
      { cause: error },
    );
  }
}

/** Node's recursive mkdir never returns where a parent exists and takes no folders, such as in /proc. */
function makeFolder(folder: string): void {
  const parent = path.dirname(folder);
  if (!existsSync(parent)) makeFolder(parent);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) mkdirSync(folder, { mode: 0o700 });
}

const ERRNO_MEANINGS: Partial<Record<string, string>> = {
  EACCES: 'permission denied (EACCES)',
  EPERM: 'not permitted (EPERM)',
  EROFS: 'its file system is read-only (EROFS)',
  ENOTDIR: 'part of the path is a file (ENOTDIR)',
  EEXIST: 'it is a file (EEXIST)',
  ENOENT: 'a folder cannot be created there (ENOENT)',
  ENOSPC: 'its file system is full (ENOSPC)',
};

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
