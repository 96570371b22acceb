import { matchesAny } from '../../../base/match-wildcards.js';

const CERTIFIED = [
  'ssh-ed25519-cert-v01@openssh.com',
  'ecdsa-sha2-nistp256-cert-v01@openssh.com',
  'ecdsa-sha2-nistp384-cert-v01@openssh.com',
  'ecdsa-sha2-nistp521-cert-v01@openssh.com',
  'sk-ssh-ed25519-cert-v01@openssh.com',
  'sk-ecdsa-sha2-nistp256-cert-v01@openssh.com',
  'rsa-sha2-512-cert-v01@openssh.com',
  'rsa-sha2-256-cert-v01@openssh.com',
];

const PLAIN = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** All key and signature types of OpenSSH 9, in its order. */
const KEY_TYPES = [
  'ssh-ed25519',
  'ssh-ed25519-cert-v01@openssh.com',
  'sk-ssh-ed25519@openssh.com',
  'sk-ssh-ed25519-cert-v01@openssh.com',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp256-cert-v01@openssh.com',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp384-cert-v01@openssh.com',
  'ecdsa-sha2-nistp521',
  'ecdsa-sha2-nistp521-cert-v01@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'sk-ecdsa-sha2-nistp256-cert-v01@openssh.com',
  'webauthn-sk-ecdsa-sha2-nistp256@openssh.com',
  'ssh-dss',
  'ssh-dss-cert-v01@openssh.com',
  'ssh-rsa',
  'ssh-rsa-cert-v01@openssh.com',
  'rsa-sha2-256',
  'rsa-sha2-256-cert-v01@openssh.com',
  'rsa-sha2-512',
  'rsa-sha2-512-cert-v01@openssh.com',
];

/** Names that OpenSSH accepts as a type, but that match no algorithm. */
const SHORT_NAMES = /^(ed25519|ed25519-sk|ecdsa|ecdsa-sk|rsa|dsa)$/i;

const KEY_LIST = { standing: [...CERTIFIED, ...PLAIN], all: KEY_TYPES, takesPatterns: true };

interface AlgorithmList {
  /** OpenSSH's default (9.2), which `+`, `-` and `^` in ssh_config modify. */
  readonly standing: readonly string[];
  /** All that it supports, in its order. */
  readonly all: readonly string[];
  /** Whether a list may contain patterns of algorithms to add. */
  readonly takesPatterns: boolean;
}

const LISTS: ReadonlyMap<string, AlgorithmList> = new Map<string, AlgorithmList>([
  [
    'ciphers',
    {
      standing: [
        'chacha20-poly1305@openssh.com',
        'aes128-ctr',
        'aes192-ctr',
        'aes256-ctr',
        'aes128-gcm@openssh.com',
        'aes256-gcm@openssh.com',
      ],
      all: [
        '3des-cbc',
        'aes128-cbc',
        'aes192-cbc',
        'aes256-cbc',
        'aes128-ctr',
        'aes192-ctr',
        'aes256-ctr',
        'aes128-gcm@openssh.com',
        'aes256-gcm@openssh.com',
        'chacha20-poly1305@openssh.com',
      ],
      takesPatterns: false,
    },
  ],
  [
    'macs',
    {
      standing: [
        'umac-64-etm@openssh.com',
        'umac-128-etm@openssh.com',
        'hmac-sha2-256-etm@openssh.com',
        'hmac-sha2-512-etm@openssh.com',
        'hmac-sha1-etm@openssh.com',
        'umac-64@openssh.com',
        'umac-128@openssh.com',
        'hmac-sha2-256',
        'hmac-sha2-512',
        'hmac-sha1',
      ],
      all: [
        ...['hmac-sha1', 'hmac-sha1-96', 'hmac-sha2-256', 'hmac-sha2-512', 'hmac-md5', 'hmac-md5-96'],
        ...['umac-64@openssh.com', 'umac-128@openssh.com', 'hmac-sha1-etm@openssh.com'],
        ...['hmac-sha1-96-etm@openssh.com', 'hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
        ...['hmac-md5-etm@openssh.com', 'hmac-md5-96-etm@openssh.com'],
        ...['umac-64-etm@openssh.com', 'umac-128-etm@openssh.com'],
      ],
      takesPatterns: false,
    },
  ],
  [
    'kexalgorithms',
    {
      standing: [
        'sntrup761x25519-sha512',
        'sntrup761x25519-sha512@openssh.com',
        'curve25519-sha256',
        'curve25519-sha256@libssh.org',
        'ecdh-sha2-nistp256',
        'ecdh-sha2-nistp384',
        'ecdh-sha2-nistp521',
        'diffie-hellman-group-exchange-sha256',
        'diffie-hellman-group16-sha512',
        'diffie-hellman-group18-sha512',
        'diffie-hellman-group14-sha256',
      ],
      all: [
        'diffie-hellman-group1-sha1',
        'diffie-hellman-group14-sha1',
        'diffie-hellman-group14-sha256',
        'diffie-hellman-group16-sha512',
        'diffie-hellman-group18-sha512',
        'diffie-hellman-group-exchange-sha1',
        'diffie-hellman-group-exchange-sha256',
        'ecdh-sha2-nistp256',
        'ecdh-sha2-nistp384',
        'ecdh-sha2-nistp521',
        'curve25519-sha256',
        'curve25519-sha256@libssh.org',
        'sntrup761x25519-sha512',
        'sntrup761x25519-sha512@openssh.com',
        'mlkem768x25519-sha256',
      ],
      takesPatterns: false,
    },
  ],
  ['hostkeyalgorithms', KEY_LIST],
  ['hostbasedacceptedalgorithms', KEY_LIST],
  ['pubkeyacceptedalgorithms', KEY_LIST],
  [
    'casignaturealgorithms',
    { standing: PLAIN, all: KEY_TYPES.filter((name) => !name.includes('-cert-')), takesPatterns: true },
  ],
]);

/** OpenSSH's own lists, by keyword. */
export const DEFAULT_LISTS: ReadonlyMap<string, string> = new Map(
  [...LISTS].map(([keyword, { standing }]) => [keyword, standing.join(',')]),
);

/** Whether a keyword is one that lists algorithms. */
export function isAlgorithmList(keyword: string): boolean {
  return LISTS.has(keyword);
}

/** Whether OpenSSH accepts a text as a list of algorithms when it reads the line. */
export function isListOf(keyword: string, text: string): boolean {
  const list = LISTS.get(keyword);
  if (list === undefined || text === '') return false;
  if (text.startsWith('-')) return true;
  const listed = text.replace(/^[+^]/, '');
  const isKnown = (name: string) =>
    list.all.includes(name) || (list.takesPatterns && isKeyTypeOrPattern(name));
  return listed !== '' && untilEmpty(listed.split(',')).every(isKnown);
}

/** OpenSSH stops at the first empty name. */
function untilEmpty(names: readonly string[]): readonly string[] {
  const end = names.indexOf('');
  return end < 0 ? names : names.slice(0, end);
}

/** The algorithms in a list; undefined if OpenSSH would reject it later. */
export function assembleList(keyword: string, text: string): string | undefined {
  const list = LISTS.get(keyword);
  if (list === undefined || text === '') return undefined;
  const { standing, all } = list;
  const given = text.replace(/^[+^-]/, '').split(',');
  if (text.startsWith('-')) return standing.filter((name) => !matchesAny(given, name)).join(',');
  const wanted =
    { '+': [...standing, ...untilEmpty(given)], '^': [...given, ...standing] }[text.charAt(0)] ?? given;
  if (wanted.some((pattern) => pattern.startsWith('!'))) return undefined;
  const names = wanted.flatMap((pattern) => all.filter((name) => matchesAny([pattern], name)));
  return names.length === 0 ? undefined : [...new Set(names)].join(',');
}

function isKeyTypeOrPattern(name: string): boolean {
  const pattern = name.replace(/^!/, '');
  return SHORT_NAMES.test(name) || KEY_TYPES.some((type) => matchesAny([pattern], type));
}
