import { createSecureContext, type SecureContext } from 'node:tls';
import type { Log } from '../../../base/log.js';
import { WorldError } from '../../errors.js';
import type { TlsFailure } from './explain-tls-error.js';
import { readCertificates, readKeyPair } from './read-pem-files.js';
import type { TlsOptions } from './tls-options.js';

interface Pem {
  readonly ca: string | undefined;
  readonly cert?: string;
  readonly key?: string;
}

/** The certificates of one client, and the TLS failures that were seen with them. */
export class Certificates {
  readonly files: TlsOptions;
  readonly #log: Log | undefined;
  readonly #failures = new Map<string, TlsFailure>();
  #pem: Pem;
  /** Created on first use: loading the default authorities takes time. */
  #context: SecureContext | undefined;

  /** @throws WorldError `invalid` for a file that cannot be read or used. */
  constructor(files: TlsOptions = {}, log?: Log) {
    this.files = files;
    this.#log = log;
    this.#pem = read(files);
  }

  /** The files as they are now, or, while they are unusable (as during a replacement), as they were last read. */
  context(): SecureContext {
    try {
      const pem = read(this.files);
      if (JSON.stringify(pem) !== JSON.stringify(this.#pem)) this.#context = undefined;
      this.#pem = pem;
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
      this.#log?.('warn', `${error.message} Using the previous ones.`);
    }
    this.#context ??= createSecureContext(this.#pem);
    return this.#context;
  }

  /** Remembers why a connection failed, to recognise it in gRPC's error later. */
  remember(failure: TlsFailure): void {
    this.#failures.set(failure.message, failure);
  }

  findFailure(details: string): TlsFailure | undefined {
    for (const [message, failure] of this.#failures) if (details.includes(message)) return failure;
    return undefined;
  }
}

function read({ caFile, certFile, keyFile }: TlsOptions): Pem {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new WorldError('invalid', 'A client certificate needs its key: pass both files or neither.');
  }
  const ca = caFile === undefined ? undefined : readCertificates(caFile, 'CA certificate').pem;
  if (certFile === undefined || keyFile === undefined) return { ca };
  const { pem: cert, key } = readKeyPair({ certFile, keyFile }, 'client certificate');
  return { ca, cert, key };
}
