import type { TlsOptions } from './tls-options.js';

/** Why no connection could be made over TLS, for the person who must mend it. */
export interface TlsFailure {
  readonly code: 'unavailable' | 'permission-denied';
  /** What is wrong with the server, to complete "Could not … at https://…: ". */
  readonly words: string;
  readonly advice: string;
}

interface Failure {
  /** As Node names it. */
  readonly code: string;
  readonly message: string;
  /** Of the certificate, where it is for other names. */
  readonly names?: string | undefined;
}

const UNTRUSTED = new Set([
  'CERT_REJECTED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Alerts by which a server turns a client away for its certificate, or for having none. */
const CLIENT_REJECTED =
  /_ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(?:REVOKED|EXPIRED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)$/;

const NO_TLS = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
]);

/** @param host the name that the server's certificate was to be for. */
export function explainTlsError(
  failure: Failure,
  host: string,
  { caFile, certFile }: TlsOptions,
): TlsFailure {
  const { code } = failure;
  if (code === 'CERT_HAS_EXPIRED') {
    return unavailable('its certificate has expired', 'Renew it there, or set the clock of this machine');
  }
  if (code === 'CERT_NOT_YET_VALID') {
    return unavailable('its certificate is not valid yet', 'Set the clock of this machine');
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const advice = 'Reach it by a name that it is for, or say which of them is meant (serverName)';
    return unavailable(`its certificate is for ${failure.names || 'no host'} and not for ${host}`, advice);
  }
  if (UNTRUSTED.has(code)) {
    const trusted = caFile === undefined ? 'the authorities that are trusted as a rule' : caFile;
    const advice = "Give the certificate of the fleet's own authority (caFile, --cacert)";
    return unavailable(`its certificate is signed by none of ${trusted}`, advice);
  }
  if (CLIENT_REJECTED.test(code)) return clientRejected(certFile);
  if (NO_TLS.has(code)) return unavailable('it does not speak TLS', 'Give its address as http://');
  if (code === 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION') {
    return unavailable('it speaks no version of TLS that is spoken here', 'Let it take TLS 1.2 or 1.3');
  }
  const words = code.startsWith('ERR_SSL') ? `TLS failed (${code})` : failure.message;
  return unavailable(words, 'Check that etcd serves https:// there');
}

function unavailable(words: string, advice: string): TlsFailure {
  return { code: 'unavailable', words, advice };
}

function clientRejected(certFile: string | undefined): TlsFailure {
  const code = 'permission-denied';
  if (certFile === undefined) {
    const advice = 'Give one with its key (certFile and keyFile, --cert and --key)';
    return { code, words: 'it wants a client certificate', advice };
  }
  const advice = 'Give one that is valid, made for clients and signed by an authority that etcd trusts';
  return { code, words: `it does not accept the client certificate ${certFile}`, advice };
}
