import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { type ChannelCredentials, SocketCredentials } from '../internals/grpc-js.js';
import { explainTlsError } from './explain-tls-error.js';
import type { Certificates } from './reload-certificates.js';

const ENDED_EARLY = 'it closed the connection during the TLS handshake';

/**
 * Connects over TLS with the certificates as they are at that moment. grpc-js's own credentials read them only once, know
 * only the dialled address as the host, warn about each IP address, and report errors in OpenSSL's terms.
 */
export class TlsCredentials extends SocketCredentials {
  readonly #certificates: Certificates;
  readonly #host: string;

  /** @param host the name or address that the server's certificate must be valid for. */
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
        // SNI carries names only, no addresses.
        servername: isIP(this.#host) === 0 ? this.#host : '',
        ALPNProtocols: ['h2'],
      });
      // A server checks the client certificate after the handshake is over on this side: its alert reaches whoever has
      // the connection by then, already explained because this listener is the first.
      secured.on('error', (error) => {
        this.#translate(error);
        // Without the error's name, which contains the code. Whether a reset or a close arrives is a race.
        const { code } = error as NodeJS.ErrnoException;
        reject(new Error(code === 'ECONNRESET' ? ENDED_EARLY : error.message, { cause: error }));
      });
      secured.once('close', () => reject(new Error(ENDED_EARLY)));
      secured.once('secureConnect', () => resolve(secured));
    });
  }

  #translate(error: Error & { readonly code?: unknown; readonly cert?: PeerCertificate }): void {
    const code = String(error.code);
    // A network error, not a TLS one.
    if (/^E(?!RR_)/.test(code)) return;
    const names = error.cert?.subjectaltname?.replaceAll(/\b(?:DNS|IP Address):/g, '');
    const seen = { code, message: error.message, names };
    const failure = explainTlsError(seen, this.#host, this.#certificates.files);
    this.#certificates.remember(failure);
    error.message = failure.message;
  }
}
