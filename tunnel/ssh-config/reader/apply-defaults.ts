import { configFileError } from '../config-errors.js';
import type { SshEnvironment } from '../environment.js';
import type { EffectiveOptions, HostOptions, HostQuery } from '../host-options.js';
import { assembleList, DEFAULT_LISTS } from '../values/algorithm-lists.js';
import type { PortOf } from '../values/read-services.js';
import { checkOptions } from './check-options.js';
import { expandPaths } from './expand-paths.js';

const DEFAULT_IDENTITIES = [
  'id_rsa',
  'id_ecdsa',
  'id_ecdsa_sk',
  'id_ed25519',
  'id_ed25519_sk',
  'id_xmss',
  'id_dsa',
];

/** OpenSSH's defaults, of the options that matter here. */
const DEFAULTS: readonly (readonly [keyword: string, value: string])[] = [
  ...DEFAULT_LISTS,
  ['addkeystoagent', 'false'],
  ['enablesshkeysign', 'no'],
  ['gssapikeyexchange', 'no'],
  ['hostbasedauthentication', 'no'],
  ['proxyusefdpass', 'no'],
  ['rekeylimit', '0 0'],
  ['requiredrsasize', '1024'],
  ['securitykeyprovider', 'internal'],
  ['serveralivecountmax', '3'],
  ['serveraliveinterval', '0'],
  ['verifyhostkeydns', 'false'],
];

/** In OpenSSH's order of evaluation. */
const ASSEMBLED = [
  'ciphers',
  'macs',
  'kexalgorithms',
  'hostbasedacceptedalgorithms',
  'pubkeyacceptedalgorithms',
  'casignaturealgorithms',
];

/** Keywords for which `none` is the same as unset. */
const NONE_IS_NOTHING = [
  'controlpath',
  'knownhostscommand',
  'localcommand',
  'pkcs11provider',
  'proxycommand',
  'proxyjump',
  'remotecommand',
  'revokedhostkeys',
  'securitykeyprovider',
];

/**
 * The options as `ssh -G` prints them: with defaults, and expanded.
 * @throws TunnelError `bad-destination` for what OpenSSH would reject
 */
export function applyDefaults(
  read: ReadonlyMap<string, readonly string[]>,
  query: HostQuery,
  { sshEnvironment, portOf }: { readonly sshEnvironment: SshEnvironment; readonly portOf: PortOf },
): EffectiveOptions {
  const defaults = defaultsOf(query, sshEnvironment);
  const options = new Map([...defaults, ...read]);
  assembleLists(options, read);
  if (options.has('proxyjump')) options.set('proxyusefdpass', ['no']);
  checkOptions(options, { portOf });
  expandPaths(options, read, { query, sshEnvironment });
  return { options, defaults };
}

/**
 * Assembles the lists of algorithms, then clears what is `none`. At an empty list OpenSSH 9 stops halfway and continues with
 * what it has.
 */
function assembleLists(
  options: Map<string, readonly string[]>,
  read: ReadonlyMap<string, readonly string[]>,
): void {
  const own = assembleList('hostkeyalgorithms', options.get('hostkeyalgorithms')?.[0] ?? '');
  if (own === undefined) throw configFileError('ssh_config', 'HostKeyAlgorithms leaves no algorithm');
  options.set('hostkeyalgorithms', [own]);
  let isBroken = false;
  for (const keyword of ASSEMBLED) {
    const list: string | undefined = isBroken
      ? read.get(keyword)?.[0]
      : assembleList(keyword, options.get(keyword)?.[0] ?? '');
    // The failed list is lost, those after it stay as written.
    if (list === undefined) options.delete(keyword);
    else options.set(keyword, [list]);
    isBroken ||= list === undefined;
  }
  if (isBroken) return;
  for (const keyword of NONE_IS_NOTHING) {
    if (options.get(keyword)?.[0]?.toLowerCase() === 'none') options.delete(keyword);
  }
}

function defaultsOf({ host, user, port }: HostQuery, { home, localUser }: SshEnvironment): HostOptions {
  return new Map([
    ...DEFAULTS.map(([keyword, value]): [string, string[]] => [keyword, [value]]),
    ['host', [host]],
    ['user', [user ?? localUser]],
    ['port', [String(port ?? 22)]],
    ['userknownhostsfile', [`${home}/.ssh/known_hosts ${home}/.ssh/known_hosts2`]],
    ['globalknownhostsfile', ['/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2']],
    ['identityfile', DEFAULT_IDENTITIES.map((name) => `~/.ssh/${name}`)],
  ]);
}
