import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { type ChannelCredentials, SocketCredentials } from '../internals/grpc-js.js';
import type { Certificates } from './certificates.js';
import { explainTlsError } from './explain-tls-error.js';

const ENDED_EARLY = 'it ended the connection before TLS was agreed';

/**
 * Connects over TLS with certificates as they are at that moment. The credentials of grpc-js itself read them once,
 * know no host but the dialled address, warn at each IP address, and leave errors in the words of OpenSSL.
 */
export class TlsCredentials extends SocketCredentials {
  readonly #certificates: Certificates;
  readonly #host: string;

  /** @param host the name or address that the server's certificate must be for. */
  constructor(certificates: Certificates, host: string) {
    super();
    this.#certificates = certificates;
    this.#host = certificates.files.serverName ?? host;
  }

  _equals(other: ChannelCredentials): boolean {
    return (
      other instanceof TlsCredentials &&
      other.#certificates === this.#certificates &&
      other.#host === this.#host
    );
  }

  protected override secure(socket: Socket): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const secured = connect({
        socket,
        secureContext: this.#certificates.context(),
        host: this.#host,
        // Names only: TLS has no place for an address.
        servername: isIP(this.#host) === 0 ? this.#host : '',
        ALPNProtocols: ['h2'],
      });
      // A server looks at our certificate after we have taken the connection for made: its alert comes to whoever has
      // the connection by then, in our words because this listener is the first.
      secured.on('error', (error) => {
        this.#translate(error);
        // Without its name, which holds the code. A reset is the same end as a close: which comes is a race.
        const { code } = error as NodeJS.ErrnoException;
        reject(new Error(code === 'ECONNRESET' ? ENDED_EARLY : error.message, { cause: error }));
      });
      secured.once('close', () => reject(new Error(ENDED_EARLY)));
      secured.once('secureConnect', () => resolve(secured));
    });
  }

  #translate(error: Error & { readonly code?: unknown; readonly cert?: PeerCertificate }): void {
    const code = String(error.code);
    // Of the network, not of TLS.
    if (/^E(?!RR_)/.test(code)) return;
    const names = error.cert?.subjectaltname?.replaceAll(/\b(?:DNS|IP Address):/g, '');
    const seen = { code, message: error.message, names };
    const failure = explainTlsError(seen, this.#host, this.#certificates.files);
    this.#certificates.remember(failure);
    error.message = failure.words;
  }
}
