import path from 'node:path';
import { shellWord } from '../../tunnel/exec/shell-command.js';
import type { FleetTarget } from '../fleet/merge-target.js';

export type Shell = 'sh' | 'fish';

/**
 * What etcdctl has to find in its environment.
 * @param addresses where each seed is reached, in the order of the seeds
 */
export function etcdctlVariables(
  { seeds, tls, user }: Pick<FleetTarget, 'seeds' | 'tls' | 'user'>,
  addresses: readonly string[],
): Readonly<Record<string, string>> {
  const endpoints = addresses.map((address, index) => {
    const isSecure = /^https:/i.test(seeds[index] ?? '');
    // For etcdctl, "unixs" is TLS at a unix socket.
    return isSecure ? address.replace(/^unix:/, 'unixs:') : address;
  });
  const variables = {
    ETCDCTL_ENDPOINTS: endpoints.join(','),
    ETCDCTL_CACERT: located(tls?.caFile),
    ETCDCTL_CERT: located(tls?.certFile),
    ETCDCTL_KEY: located(tls?.keyFile),
    // Only the name: it asks for the password.
    ETCDCTL_USER: user?.name,
  };
  const set = Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(set);
}

/** Commands for a shell that set the variables, one a line. */
export function formatVariables(variables: Readonly<Record<string, string>>, shell: Shell): string[] {
  return Object.entries(variables).map(([name, value]) =>
    shell === 'fish' ? `set -gx ${name} ${fishWord(value)};` : `export ${name}=${shellWord(value)}`,
  );
}

/** Within single quotes, fish knows two escapes. */
function fishWord(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function located(file: string | undefined): string | undefined {
  return file === undefined ? undefined : path.resolve(file);
}
