/** Keywords that we honour ourselves. */
const HONOURED = [
  'addressfamily',
  'batchmode',
  'certificatefile',
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
  'ignoreunknown',
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

/** Further keywords of OpenSSH, which only OpenSSH honours. */
const OPENSSH_ONLY = [
  'bindaddress',
  'bindinterface',
  'casignaturealgorithms',
  'enablesshkeysign',
  'gssapikeyexchange',
  'hostbasedacceptedalgorithms',
  'hostbasedauthentication',
  'knownhostscommand',
  'pkcs11provider',
  'proxyusefdpass',
  'pubkeyacceptedalgorithms',
  'rekeylimit',
  'requiredrsasize',
  'revokedhostkeys',
  'securitykeyprovider',
  'verifyhostkeydns',
];

const REACHED_BY_US = new Set([...HONOURED, ...BESIDE_THE_POINT]);
const KNOWN = new Set([...REACHED_BY_US, ...OPENSSH_ONLY]);

/** Whether connecting by ourselves does justice to a keyword. */
export function isHonoured(keyword: string): boolean {
  return REACHED_BY_US.has(keyword);
}

/** Whether OpenSSH has such a keyword, beside those that steer the reading. */
export function isKeyword(keyword: string): boolean {
  return KNOWN.has(keyword);
}

/** Names that OpenSSH once used, with today's. */
export const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ['challengeresponseauthentication', 'kbdinteractiveauthentication'],
  ['skeyauthentication', 'kbdinteractiveauthentication'],
  ['tisauthentication', 'kbdinteractiveauthentication'],
  ['dsaauthentication', 'pubkeyauthentication'],
  ['hostbasedkeytypes', 'hostbasedacceptedalgorithms'],
  ['pubkeyacceptedkeytypes', 'pubkeyacceptedalgorithms'],
]);

/** Keywords whose value is the rest of the line as it stands. */
export const WHOLE_LINE: ReadonlySet<string> = new Set([
  'knownhostscommand',
  'localcommand',
  'proxycommand',
  'proxyjump',
  'remotecommand',
]);

/** Keywords that take several values. */
export const SEVERAL_VALUES: ReadonlySet<string> = new Set([
  'canonicaldomains',
  'canonicalizepermittedcnames',
  'channeltimeout',
  'dynamicforward',
  'globalknownhostsfile',
  'ipqos',
  'localforward',
  'logverbose',
  'permitremoteopen',
  'rekeylimit',
  'remoteforward',
  'sendenv',
  'setenv',
  'userknownhostsfile',
]);

/** Keywords of which every line counts; of the others the first. */
export const EVERY_LINE: ReadonlySet<string> = new Set([
  'certificatefile',
  'dynamicforward',
  'identityfile',
  'localforward',
  'remoteforward',
  'sendenv',
  'setenv',
]);
