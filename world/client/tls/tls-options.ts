/** How to verify servers with `https://` addresses, and who we are to them. Files are PEM, and are read anew for each connection. */
export interface TlsOptions {
  /** Certificates of the authorities to trust, and of no others. Default those that Node trusts. */
  readonly caFile?: string | undefined;
  /** Our own certificate (followed by intermediate ones, if any), for servers that ask for one; with `keyFile`. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** The name that the servers' certificates must be for, where that is not the host of the address. */
  readonly serverName?: string | undefined;
}
