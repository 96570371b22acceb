import type { AuthMethod } from '../ssh-config.js';
import { type AlgorithmList, supportedBySsh2 } from '../ssh2-algorithms.js';
import { type AskedOptions, isSet, singleValue } from './options.js';

/** Keywords that we honour ourselves. */
const HONOURED = [
  'addressfamily',
  'batchmode',
  'certificatefile',
  'challengeresponseauthentication',
  'ciphers',
  'connecttimeout',
  'globalknownhostsfile',
  'hashknownhosts',
  'host',
  'hostkeyalgorithms',
  'hostkeyalias',
  'hostname',
  'identitiesonly',
  'identityagent',
  'identityfile',
  'kbdinteractiveauthentication',
  'kexalgorithms',
  'macs',
  'nohostauthenticationforlocalhost',
  'passwordauthentication',
  'port',
  'preferredauthentications',
  'proxycommand',
  'proxyjump',
  'pubkeyauthentication',
  'serveralivecountmax',
  'serveraliveinterval',
  'stricthostkeychecking',
  'user',
  'userknownhostsfile',
];

/** Keywords about things that a tunnel does not do, or that make it no less safe and reach nothing more. */
const BESIDE_THE_POINT = [
  'addkeystoagent',
  'canonicaldomains',
  'canonicalizefallbacklocal',
  'canonicalizehostname',
  'canonicalizemaxdots',
  'canonicalizepermittedcnames',
  'channeltimeout',
  'checkhostip',
  'clearallforwardings',
  'compression',
  'connectionattempts',
  'controlmaster',
  'controlpath',
  'controlpersist',
  'dynamicforward',
  'enableescapecommandline',
  'escapechar',
  'exitonforwardfailure',
  'fingerprinthash',
  'forkafterauthentication',
  'forwardagent',
  'forwardx11',
  'forwardx11timeout',
  'forwardx11trusted',
  'gatewayports',
  // Debian switches the first on for everybody; it counts where no other method is left.
  'gssapiauthentication',
  'gssapidelegatecredentials',
  'gssapikexalgorithms',
  'gssapirenewalforcesrekey',
  'gssapitrustdns',
  'ipqos',
  'kbdinteractivedevices',
  'localcommand',
  'localforward',
  'loglevel',
  'logverbose',
  'numberofpasswordprompts',
  'obscurekeystroketiming',
  'permitlocalcommand',
  'permitremoteopen',
  'remotecommand',
  'remoteforward',
  'requesttty',
  'sendenv',
  'sessiontype',
  'setenv',
  'stdinnull',
  'streamlocalbindmask',
  'streamlocalbindunlink',
  'syslogfacility',
  'tag',
  'tcpkeepalive',
  'tunnel',
  'tunneldevice',
  'updatehostkeys',
  'visualhostkey',
  'warnweakcrypto',
  'xauthlocation',
];

const KNOWN = new Set([...HONOURED, ...BESIDE_THE_POINT]);

const ALGORITHM_KEYWORDS: readonly (readonly [string, AlgorithmList])[] = [
  ['ciphers', 'ciphers'],
  ['kexalgorithms', 'kexAlgorithms'],
  ['hostkeyalgorithms', 'hostKeyAlgorithms'],
  ['macs', 'macs'],
];

/** The algorithms that ssh_config sets, as far as ssh2 has them. */
export function algorithmsOf(asked: AskedOptions): Partial<Record<AlgorithmList, readonly string[]>> {
  return Object.fromEntries(
    ALGORITHM_KEYWORDS.filter(([keyword]) => isSet(asked, keyword)).map(([keyword, list]) => [
      list,
      supportedBySsh2(list, singleValue(asked.options, keyword)?.split(',') ?? []),
    ]),
  );
}

/**
 * Which options only the system's OpenSSH can honour. A keyword that we never heard of is one of them, so that none
 * is passed over.
 */
export function onlyOpenSsh(asked: AskedOptions, authMethods: readonly AuthMethod[]): string[] {
  const unknown = [...asked.options.keys()]
    .filter((keyword) => !KNOWN.has(keyword) && isSet(asked, keyword))
    .map((keyword) => `ssh_config sets ${keyword} ${asked.options.get(keyword)?.join(' ') ?? ''}`.trim());
  const strange = Object.entries(algorithmsOf(asked))
    .filter(([, names]) => names.length === 0)
    .map(([list]) => `ssh_config allows only ${list} that OpenSSH alone has`);
  const isSha1Allowed =
    isSet(asked, 'hostkeyalgorithms') &&
    singleValue(asked.options, 'hostkeyalgorithms')?.split(',').includes('ssh-rsa');
  const legacy = isSha1Allowed ? ['ssh_config allows host keys of type ssh-rsa with SHA-1'] : [];
  const certificates = (asked.options.get('certificatefile') ?? []).map(
    (file) => `ssh_config names the certificate ${file}`,
  );
  const login =
    authMethods.length === 0 ? ['ssh_config leaves only ways to log in that OpenSSH alone has'] : [];
  return [...unknown, ...strange, ...legacy, ...certificates, ...login];
}
