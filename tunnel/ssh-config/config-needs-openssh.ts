import { type AlgorithmList, supportedBySsh2 } from '../transport/ssh2/ssh2-algorithms.js';
import { type EffectiveOptions, isOn, isSet, singleValue } from './host-options.js';
import { isHonoured } from './keywords.js';
import type { AuthMethod } from './resolved-destination.js';

const ALGORITHM_KEYWORDS: readonly (readonly [string, AlgorithmList])[] = [
  ['ciphers', 'ciphers'],
  ['kexalgorithms', 'kexAlgorithms'],
  ['hostkeyalgorithms', 'hostKeyAlgorithms'],
  ['macs', 'macs'],
];

/** Keywords that count only for host-based authentication. */
const FOR_HOSTBASED = ['enablesshkeysign', 'hostbasedacceptedalgorithms'];

/** The algorithms that ssh_config sets, as far as ssh2 supports them. */
export function algorithmsOf(effective: EffectiveOptions): Partial<Record<AlgorithmList, readonly string[]>> {
  return Object.fromEntries(
    ALGORITHM_KEYWORDS.filter(([keyword]) => isSet(effective, keyword)).map(([keyword, list]) => [
      list,
      supportedBySsh2(list, singleValue(effective.options, keyword)?.split(',') ?? []),
    ]),
  );
}

/**
 * The options that only the system's OpenSSH can honour. Unknown keywords count too, so that none is ignored.
 */
export function onlyOpenSsh(effective: EffectiveOptions, authMethods: readonly AuthMethod[]): string[] {
  const isHostbased = isOn(effective.options, 'hostbasedauthentication');
  const unknown = [...effective.options.keys()]
    .filter((keyword) => !isHonoured(keyword) && isSet(effective, keyword))
    .filter((keyword) => isHostbased || !FOR_HOSTBASED.includes(keyword))
    .sort()
    .map((keyword) => `ssh_config sets ${keyword} ${shownValue(effective, keyword)}`.trim());
  const strange = Object.entries(algorithmsOf(effective))
    .filter(([, names]) => names.length === 0)
    .map(([list]) => `ssh_config allows only ${list} that ssh2 does not support`);
  const isSha1Allowed =
    isSet(effective, 'hostkeyalgorithms') &&
    singleValue(effective.options, 'hostkeyalgorithms')?.split(',').includes('ssh-rsa');
  const legacy = isSha1Allowed ? ['ssh_config allows host keys of type ssh-rsa with SHA-1'] : [];
  const certificates = (effective.options.get('certificatefile') ?? [])
    .filter((file) => file.toLowerCase() !== 'none')
    .map((file) => `ssh_config names the certificate ${file}`);
  const login =
    authMethods.length === 0 ? ['ssh_config allows only login methods that ssh2 does not support'] : [];
  return [...unknown, ...strange, ...legacy, ...certificates, ...login];
}

/** `ssh -G` prints some values in other words than ssh_config. */
function shownValue({ options }: EffectiveOptions, keyword: string): string {
  const text = options.get(keyword)?.join(' ') ?? '';
  return { true: 'yes', false: 'no' }[text] ?? text;
}
