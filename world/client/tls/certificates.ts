import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Log } from '../../../base/log.js';
import { readRegularFile } from '../../../base/read-regular-file.js';
import { WorldError } from '../../errors.js';
import type { TlsTrouble } from './explain-tls-error.js';
import type { TlsOptions } from './tls-options.js';

interface Pem {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The certificates of one client, and what went wrong with them. */
export class Certificates {
  readonly files: TlsOptions;
  readonly #log: Log | undefined;
  readonly #troubles = new Map<string, TlsTrouble>();
  #pem: Pem;
  /** Made when it is needed: the authorities that are trusted as a rule are many. */
  #context: SecureContext | undefined;

  /** @throws WorldError `invalid` for a file that cannot be read or is not what it should be */
  constructor(files: TlsOptions = {}, log?: Log | undefined) {
    this.files = files;
    this.#log = log;
    this.#pem = read(files);
  }

  /** As the files are now; while they cannot be used, as when they are being replaced, as they were. */
  context(): SecureContext {
    try {
      const pem = read(this.files);
      if (JSON.stringify(pem) !== JSON.stringify(this.#pem)) this.#context = undefined;
      this.#pem = pem;
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
      this.#log?.('warn', `${error.message} Those that were read before are used.`);
    }
    this.#context ??= createSecureContext(this.#pem);
    return this.#context;
  }

  /** Remembers why a connection failed, to be recognised in what gRPC tells of it. */
  remember(trouble: TlsTrouble): void {
    this.#troubles.set(trouble.words, trouble);
  }

  troubleIn(details: string): TlsTrouble | undefined {
    for (const [words, trouble] of this.#troubles) if (details.includes(words)) return trouble;
    return undefined;
  }
}

function read({ caFile, certFile, keyFile }: TlsOptions): Pem {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw invalid('A client certificate goes with its key: give both files or neither');
  }
  const ca = caFile === undefined ? {} : { ca: readCertificates(caFile, 'CA certificate').pem };
  if (certFile === undefined || keyFile === undefined) return ca;
  const { pem: cert, first } = readCertificates(certFile, 'client certificate');
  const key = readText(keyFile, 'key of the client certificate');
  if (!first.checkPrivateKey(readKey(key, keyFile))) {
    throw invalid(`The key in ${keyFile} does not belong to the certificate in ${certFile}`);
  }
  return { ...ca, cert, key };
}

function readCertificates(
  file: string,
  what: string,
): { readonly pem: string; readonly first: X509Certificate } {
  const pem = readText(file, what);
  const blocks = pem.match(
    /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g,
  );
  try {
    const [first] = (blocks ?? []).map((block) => new X509Certificate(block));
    if (first !== undefined) return { pem, first };
  } catch (error) {
    throw invalid(`The ${what} in ${file} cannot be read: it is damaged`, error);
  }
  throw invalid(
    `There is no ${what} in ${file}: it must be PEM, which begins with -----BEGIN CERTIFICATE-----`,
  );
}

function readKey(pem: string, file: string): ReturnType<typeof createPrivateKey> {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw invalid(
      `There is no key in ${file}: it must be PEM, which begins with -----BEGIN PRIVATE KEY-----`,
    );
  }
  if (/ENCRYPTED/.test(pem)) {
    throw invalid(`The key in ${file} is protected by a passphrase: give one without, readable by you alone`);
  }
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw invalid(
      `The key in ${file} cannot be read: it is damaged, or of a kind that is not supported`,
      error,
    );
  }
}

function readText(file: string, what: string): string {
  try {
    return readRegularFile(file).toString('utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const reason = READING.get(String(code)) ?? String(error);
    throw invalid(`Cannot read the ${what} ${file}: ${reason}`, error);
  }
}

const READING: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'this user may not read it'],
  ['EISDIR', 'it is a folder'],
  ['ENOTREG', 'it is not a regular file'],
]);

function invalid(message: string, cause?: unknown): WorldError {
  return new WorldError('invalid', `${message}.`, { cause });
}
