import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readRegularFile } from '../../../base/read-regular-file.js';
import { WorldError } from '../../errors.js';

const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g;

export interface CertificateFile {
  readonly pem: string;
  /** The first in the file: the one that is presented. */
  readonly certificate: X509Certificate;
  readonly all: readonly X509Certificate[];
}

/**
 * Reads a file of one or more PEM certificates, all of which must be readable.
 * @param what the certificate's role, for errors, such as `CA certificate`.
 * @throws WorldError `invalid`
 */
export function readCertificates(file: string, what: string): CertificateFile {
  const pem = readText(file, what);
  try {
    const all = (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
    const [certificate] = all;
    if (certificate !== undefined) return { pem, certificate, all };
  } catch (error) {
    throw invalid(`Cannot parse the ${what} in ${file}: it is damaged`, error);
  }
  throw invalid(`No ${what} in ${file}: it must be PEM, which starts with -----BEGIN CERTIFICATE-----`);
}

/**
 * Reads a certificate and its private key, which must not be encrypted.
 * @param what the certificate's role, for errors, such as `client certificate`.
 * @throws WorldError `invalid`; also when the key belongs to another certificate.
 */
export function readKeyPair(
  { certFile, keyFile }: { readonly certFile: string; readonly keyFile: string },
  what: string,
): CertificateFile & { readonly key: string } {
  const read = readCertificates(certFile, what);
  const key = readText(keyFile, `key of the ${what}`);
  if (!read.certificate.checkPrivateKey(parseKey(key, keyFile))) {
    throw invalid(`The key in ${keyFile} does not belong to the certificate in ${certFile}`);
  }
  return { ...read, key };
}

function parseKey(pem: string, file: string): ReturnType<typeof createPrivateKey> {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw invalid(`No private key in ${file}: it must be PEM, which starts with -----BEGIN PRIVATE KEY-----`);
  }
  if (/ENCRYPTED/.test(pem)) {
    throw invalid(`The key in ${file} is encrypted: use one without a passphrase that only you can read`);
  }
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw invalid(`Cannot parse the key in ${file}: it is damaged or of an unsupported type`, error);
  }
}

function readText(file: string, what: string): string {
  try {
    return readRegularFile(file).toString('utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const reason = REASONS.get(String(code)) ?? String(error);
    throw invalid(`Cannot read the ${what} ${file}: ${reason}`, error);
  }
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'it is a directory'],
  ['ENOTREG', 'it is not a regular file'],
]);

function invalid(message: string, cause?: unknown): WorldError {
  return new WorldError('invalid', `${message}.`, { cause });
}
