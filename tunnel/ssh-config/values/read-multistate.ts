/** `ssh -G` prints the first name of each value. */
type Names = readonly (readonly string[])[];

const FLAG: Names = [
  ['yes', 'true'],
  ['no', 'false'],
];
const TRUE_FALSE: Names = [
  ['true', 'yes'],
  ['false', 'no'],
];

const WITH_NAMES: ReadonlyMap<string, Names> = new Map<string, Names>([
  ['addressfamily', [['any'], ['inet'], ['inet6']]],
  ['canonicalizehostname', [...TRUE_FALSE, ['always']]],
  ['compression', [['yes'], ['no']]],
  ['controlmaster', [...TRUE_FALSE, ['auto'], ['ask'], ['autoask']]],
  ['pubkeyauthentication', [...TRUE_FALSE, ['unbound'], ['host-bound']]],
  ['requesttty', [...TRUE_FALSE, ['force'], ['auto']]],
  ['sessiontype', [['none'], ['subsystem'], ['default']]],
  ['stricthostkeychecking', [['true', 'yes'], ['false', 'no', 'off'], ['ask'], ['accept-new']]],
  ['tunnel', [['ethernet'], ['point-to-point'], ...TRUE_FALSE]],
  ['updatehostkeys', [...TRUE_FALSE, ['ask']]],
  ['verifyhostkeydns', [...TRUE_FALSE, ['ask']]],
]);

const FLAGS: readonly string[] = [
  'batchmode',
  'canonicalizefallbacklocal',
  'checkhostip',
  'clearallforwardings',
  'enableescapecommandline',
  'enablesshkeysign',
  'exitonforwardfailure',
  'forkafterauthentication',
  'forwardx11',
  'forwardx11trusted',
  'gatewayports',
  'gssapiauthentication',
  'gssapidelegatecredentials',
  'gssapikeyexchange',
  'gssapirenewalforcesrekey',
  'gssapitrustdns',
  'hashknownhosts',
  'hostbasedauthentication',
  'identitiesonly',
  'kbdinteractiveauthentication',
  'nohostauthenticationforlocalhost',
  'passwordauthentication',
  'permitlocalcommand',
  'proxyusefdpass',
  'stdinnull',
  'streamlocalbindunlink',
  'tcpkeepalive',
  'visualhostkey',
  'warnweakcrypto',
];

/** Whether a keyword has one of a few values. */
export function isMultistate(keyword: string): boolean {
  return WITH_NAMES.has(keyword) || FLAGS.includes(keyword);
}

/** The value as `ssh -G` prints it; undefined for an invalid one. */
export function readMultistate(keyword: string, text: string): string | undefined {
  const names = WITH_NAMES.get(keyword) ?? FLAG;
  return names.find((value) => value.includes(text.toLowerCase()))?.[0];
}
