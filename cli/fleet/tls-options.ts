import type { TlsOptions } from '../../world/client/tls/tls-options.js';
import { CliError } from '../errors.js';
import { expandHome } from '../system/user-folders.js';
import type { ConnectionConfig } from './connection-schema.js';

/** Certificate files for `https://` seeds, named as etcdctl names them. */
export interface TlsFlags {
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** @throws CliError `usage` when certificates were given but no seed uses TLS, so that nobody takes the connection for safe. */
export function tlsOptions(
  flags: TlsFlags,
  { tls = {} }: ConnectionConfig,
  seeds: readonly string[],
): TlsOptions | undefined {
  const given = [flags.cacert, flags.cert, flags.key];
  if (given.some((file) => file !== undefined) && !seeds.some((seed) => /^https:/i.test(seed.trim()))) {
    const message = `Certificates were given, but ${seeds.join(', ')} would be reached without TLS: use https://.`;
    throw new CliError('usage', message);
  }
  const [caFile, certFile, keyFile] = [
    flags.cacert ?? tls.cacert,
    flags.cert ?? tls.cert,
    flags.key ?? tls.key,
  ].map((file) => (file === undefined ? undefined : expandHome(file)));
  if (caFile === undefined && certFile === undefined && keyFile === undefined) return undefined;
  return { caFile, certFile, keyFile };
}
