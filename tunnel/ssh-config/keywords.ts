/** Keywords that hawser honours itself. */
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

/** Keywords about things that a tunnel does not do, or that affect neither its safety nor what it can reach. */
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
  // Debian enables the first by default; it counts only if no other method is left.
  'gssapiauthentication',
  'gssapiclientidentity',
  'gssapidelegatecredentials',
  'gssapikexalgorithms',
  'gssapirenewalforcesrekey',
  'gssapiserveridentity',
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
  'versionaddendum',
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
  'refuseconnection',
  'rekeylimit',
  'requiredrsasize',
  'revokedhostkeys',
  'securitykeyprovider',
  'verifyhostkeydns',
];

const REACHED_BY_US = new Set([...HONOURED, ...BESIDE_THE_POINT]);
const KNOWN = new Set([...REACHED_BY_US, ...OPENSSH_ONLY]);

/** Whether a keyword can be honoured without OpenSSH. */
export function isHonoured(keyword: string): boolean {
  return REACHED_BY_US.has(keyword);
}

/** Whether OpenSSH has such a keyword, apart from Host, Match and Include. */
export function isKeyword(keyword: string): boolean {
  return KNOWN.has(keyword);
}

/** Former names in OpenSSH, or Debian's, with the current ones. */
export const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ['challengeresponseauthentication', 'kbdinteractiveauthentication'],
  ['dsaauthentication', 'pubkeyauthentication'],
  ['hostbasedkeytypes', 'hostbasedacceptedalgorithms'],
  ['identityfile2', 'identityfile'],
  ['keepalive', 'tcpkeepalive'],
  ['protocolkeepalives', 'serveraliveinterval'],
  ['pubkeyacceptedkeytypes', 'pubkeyacceptedalgorithms'],
  ['setuptimeout', 'serveraliveinterval'],
  ['skeyauthentication', 'kbdinteractiveauthentication'],
  ['smartcarddevice', 'pkcs11provider'],
  ['tisauthentication', 'kbdinteractiveauthentication'],
]);

/** Keywords that OpenSSH 9 accepts with any value, and ignores. */
export const GONE: ReadonlySet<string> = new Set([
  'afstokenpassing',
  'cipher',
  'compressionlevel',
  'fallbacktorsh',
  'globalknownhostsfile2',
  'kerberosauthentication',
  'kerberostgtpassing',
  'protocol',
  'rhostsauthentication',
  'rhostsrsaauthentication',
  'rsaauthentication',
  'useprivilegedport',
  'userknownhostsfile2',
  'useroaming',
  'usersh',
]);

/** Keywords whose value is the literal rest of the line. */
export const WHOLE_LINE: ReadonlySet<string> = new Set([
  'knownhostscommand',
  'localcommand',
  'proxycommand',
  'remotecommand',
]);

/** Keywords of which every line counts; of the others only the first does. */
export const EVERY_LINE: ReadonlySet<string> = new Set(['certificatefile', 'identityfile']);
