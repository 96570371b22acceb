import type { ConnectionKey } from './connection-settings.js';

/** Flags by the key that each of them stands for. A key without one is always used. */
const FLAG_OF_KEY = {
  'ssh-url': 'sshUrl',
  'ssh-hostkey': 'sshHostkey',
  'ssh-id': 'sshId',
  'ssh-known-hosts': 'sshKnownHosts',
  transport: 'transport',
  seeds: 'seeds',
  'tls.cacert': 'cacert',
  'tls.cert': 'cert',
  'tls.key': 'key',
  'etcd-user': 'user',
  'password-file': 'passwordFile',
  'fleet-id': 'fleetId',
  namespace: 'namespace',
  hostname: 'hostname',
} as const;

/** The flags that a key can be overruled by. */
export type OverrulingFlags = { readonly [F in (typeof FLAG_OF_KEY)[keyof typeof FLAG_OF_KEY]]?: unknown };

/** The keys of a file that this call would use: those that no flag overrules. */
export function usedKeys(
  keys: readonly ConnectionKey[],
  flags: OverrulingFlags,
  { usesHosts }: { readonly usesHosts: boolean },
): string[] {
  const flagOf: Readonly<Record<string, keyof OverrulingFlags>> = FLAG_OF_KEY;
  const isUsed = (key: string): boolean => {
    if (key === 'ssh-hosts') return usesHosts;
    const flag = flagOf[key];
    return flag === undefined || flags[flag] === undefined;
  };
  return keys.map(({ key }) => key).filter(isUsed);
}
