/** How to verify `https://` servers and authenticate to them. Files are PEM and are read again for each connection. */
export interface TlsOptions {
  /** Certificates of the only authorities to trust. Default: those that Node trusts. */
  readonly caFile?: string | undefined;
  /** The client certificate (followed by any intermediates), for servers that ask for one; requires `keyFile`. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** The name that the servers' certificates must be valid for. Default: the host of the endpoint. */
  readonly serverName?: string | undefined;
}
