import type { TlsOptions } from './tls-options.js';

/** Why a TLS connection failed, and what the operator can do. */
export interface TlsFailure {
  readonly code: 'unavailable' | 'permission-denied';
  /** Completes "Could not … at https://…: ". */
  readonly message: string;
  readonly advice: string;
}

interface Failure {
  /** Node's code. */
  readonly code: string;
  readonly message: string;
  /** The names that the certificate is valid for, if they do not match. */
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

/** Alerts by which a server rejects a client for its certificate, or for having none. */
const CLIENT_REJECTED =
  /_ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(?:REVOKED|EXPIRED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)$/;

const NO_TLS = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
]);

/** @param host the name that the server's certificate must be valid for. */
export function explainTlsError(
  failure: Failure,
  host: string,
  { caFile, certFile }: TlsOptions,
): TlsFailure {
  const { code } = failure;
  if (code === 'CERT_HAS_EXPIRED') {
    return unavailable('its certificate has expired', 'Renew it, or correct the clock of this machine');
  }
  if (code === 'CERT_NOT_YET_VALID') {
    return unavailable('its certificate is not valid yet', 'Correct the clock of this machine');
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const advice = 'Use one of these names in the endpoint, or set serverName to one of them';
    return unavailable(`its certificate is for ${failure.names || 'no host'}, not for ${host}`, advice);
  }
  if (UNTRUSTED.has(code)) {
    const trusted = caFile === undefined ? 'any of the default authorities' : caFile;
    const advice = "Give the certificate of the fleet's own authority (caFile, --cacert)";
    return unavailable(`its certificate is not signed by ${trusted}`, advice);
  }
  if (CLIENT_REJECTED.test(code)) return clientRejected(certFile);
  if (NO_TLS.has(code)) return unavailable('it does not speak TLS', 'Give its address as http://');
  if (code === 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION') {
    return unavailable('it supports no common version of TLS', 'Enable TLS 1.2 or 1.3 there');
  }
  const message = code.startsWith('ERR_SSL') ? `TLS failed (${code})` : failure.message;
  return unavailable(message, 'Check that etcd serves https:// there');
}

function unavailable(message: string, advice: string): TlsFailure {
  return { code: 'unavailable', message, advice };
}

function clientRejected(certFile: string | undefined): TlsFailure {
  const code = 'permission-denied';
  if (certFile === undefined) {
    const advice = 'Give one with its key (certFile and keyFile, --cert and --key)';
    return { code, message: 'it requires a client certificate', advice };
  }
  const advice =
    'Give one that is valid, for client authentication, and signed by an authority that etcd trusts';
  return { code, message: `it rejected the client certificate ${certFile}`, advice };
}
