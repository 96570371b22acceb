import { matchesWildcards } from '../wildcards.js';

const SECONDS = new Map([
  ['', 1],
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
  ['w', 604_800],
]);

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

/** OpenSSH's own lists (9.2), which `+`, `-` and `^` in ssh_config change. */
export const DEFAULT_LISTS: ReadonlyMap<string, string> = new Map([
  [
    'ciphers',
    'chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com',
  ],
  [
    'kexalgorithms',
    'sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256',
  ],
  [
    'hostkeyalgorithms',
    `${CERTIFIED.join(',')},ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256`,
  ],
  [
    'macs',
    'umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1',
  ],
]);

/** Names that OpenSSH knows besides. */
const FURTHER_NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  ['ciphers', ['3des-cbc', 'aes128-cbc', 'aes192-cbc', 'aes256-cbc']],
  [
    'kexalgorithms',
    [
      'diffie-hellman-group1-sha1',
      'diffie-hellman-group14-sha1',
      'diffie-hellman-group-exchange-sha1',
      'mlkem768x25519-sha256',
    ],
  ],
  [
    'hostkeyalgorithms',
    [
      'ssh-rsa',
      'ssh-dss',
      'ssh-rsa-cert-v01@openssh.com',
      'ssh-dss-cert-v01@openssh.com',
      'webauthn-sk-ecdsa-sha2-nistp256@openssh.com',
    ],
  ],
  [
    'macs',
    [
      'hmac-sha1-96',
      'hmac-md5',
      'hmac-md5-96',
      'hmac-sha1-96-etm@openssh.com',
      'hmac-md5-etm@openssh.com',
      'hmac-md5-96-etm@openssh.com',
    ],
  ],
]);

const YES_OR_NO = ['yes', 'no', 'true', 'false'];

/** Keywords whose values are among a few, in lower case. */
const CHOICES: ReadonlyMap<string, readonly string[]> = new Map([
  ['addressfamily', ['any', 'inet', 'inet6']],
  ['stricthostkeychecking', [...YES_OR_NO, 'off', 'ask', 'accept-new']],
  ['pubkeyauthentication', [...YES_OR_NO, 'unbound', 'host-bound']],
  ['verifyhostkeydns', [...YES_OR_NO, 'ask']],
  ...[
    'batchmode',
    'hashknownhosts',
    'hostbasedauthentication',
    'identitiesonly',
    'kbdinteractiveauthentication',
    'nohostauthenticationforlocalhost',
    'passwordauthentication',
  ].map((keyword): [string, readonly string[]] => [keyword, YES_OR_NO]),
]);

/**
 * The value of a keyword as `ssh -G` would print it.
 * @returns undefined when it is none that the keyword can have
 */
export function readValue(keyword: string, text: string): string | undefined {
  const choices = CHOICES.get(keyword);
  if (choices !== undefined) return choices.includes(text.toLowerCase()) ? text.toLowerCase() : undefined;
  switch (keyword) {
    case 'port':
      return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
        ? String(Number(text))
        : undefined;
    case 'connecttimeout':
    case 'serveraliveinterval':
      return text.toLowerCase() === 'none' ? 'none' : readSeconds(text);
    case 'serveralivecountmax':
      return /^\d{1,9}$/.test(text) ? String(Number(text)) : undefined;
    case 'ciphers':
    case 'kexalgorithms':
    case 'hostkeyalgorithms':
    case 'macs':
      return changeList(keyword, text);
    case 'hostkeyalias':
      return text.toLowerCase();
    default:
      return text;
  }
}

function readSeconds(text: string): string | undefined {
  if (!/^(\d+[smhdw]?)+$/i.test(text)) return undefined;
  const parts = [...text.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)];
  const seconds = parts.reduce(
    (sum, [, number, unit]) => sum + Number(number) * (SECONDS.get(unit ?? '') ?? 1),
    0,
  );
  return seconds <= 2 ** 31 - 1 ? String(seconds) : undefined;
}

function changeList(keyword: string, text: string): string | undefined {
  const standing = DEFAULT_LISTS.get(keyword)?.split(',') ?? [];
  const sign = /^[-+^]/.exec(text)?.[0];
  const names = text.slice(sign?.length ?? 0).split(',');
  if (sign === '-') {
    const isTaken = (name: string) => names.some((one) => matchesWildcards(one, name));
    return standing.filter((name) => !isTaken(name)).join(',');
  }
  const known = [...standing, ...(FURTHER_NAMES.get(keyword) ?? [])];
  if (!names.every((name) => known.includes(name))) return undefined;
  if (sign === '+') return [...standing, ...names.filter((name) => !standing.includes(name))].join(',');
  if (sign === '^') return [...names, ...standing.filter((name) => !names.includes(name))].join(',');
  return text;
}
