import type { AppSecret } from '../deploys/manifest.js';
import type { StoredSecret } from './stored-secrets.js';

/** Why a secret cannot be given to the programs of an app. */
export type UnusableSecret =
  | { readonly name: string; readonly reason: 'not-set' }
  | { readonly name: string; readonly reason: 'not-text' }
  /** The hosts that cannot decrypt it: they came later, or were set up anew since. */
  | { readonly name: string; readonly reason: 'no-key'; readonly hosts: readonly string[] };

/**
 * Finds what would keep hosts from starting an app for the want of a secret.
 *
 * @param stored the app's secrets by name
 * @param recipients what each host decrypts now
 */
export function findUnusableSecrets(
  wanted: Readonly<Record<string, AppSecret>>,
  hosts: readonly string[],
  stored: ReadonlyMap<string, StoredSecret>,
  recipients: ReadonlyMap<string, string>,
): UnusableSecret[] {
  return Object.entries(wanted).flatMap(([name, { as, from }]): UnusableSecret[] => {
    if (from !== undefined) return []; // the hosts have it
    const secret = stored.get(name);
    if (secret === undefined) return [{ name, reason: 'not-set' }];
    if (as !== 'file' && !secret.isText) return [{ name, reason: 'not-text' }];
    const without = hosts.filter((host) => !canRead(secret, host, recipients.get(host)));
    return without.length === 0 ? [] : [{ name, reason: 'no-key', hosts: without }];
  });
}

function canRead({ hosts }: StoredSecret, host: string, recipient: string | undefined): boolean {
  return recipient !== undefined && Object.hasOwn(hosts, host) && hosts[host] === recipient;
}
