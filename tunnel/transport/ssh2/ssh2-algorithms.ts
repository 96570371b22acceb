import type ssh2 from 'ssh2';
import type { HostKeyAlgorithm } from '../../host-key/order-host-key-algorithms.js';
import type { ResolvedDestination } from '../../ssh-config/resolved-destination.js';

/** The algorithms of OpenSSH that ssh2 supports, though not all by default. */
const SUPPORTED = {
  ciphers: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
    'aes256-cbc',
    'aes192-cbc',
    'aes128-cbc',
    '3des-cbc',
  ],
  kexAlgorithms: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group-exchange-sha1',
    'diffie-hellman-group14-sha1',
    'diffie-hellman-group1-sha1',
  ],
  hostKeyAlgorithms: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ],
  macs: [
    'hmac-sha2-256-etm@openssh.com',
    'hmac-sha2-512-etm@openssh.com',
    'hmac-sha1-etm@openssh.com',
    'hmac-sha2-256',
    'hmac-sha2-512',
    'hmac-sha1',
    'hmac-md5',
    'hmac-sha1-96',
    'hmac-md5-96',
  ],
} as const;

/** The four lists of algorithms that ssh_config can set. */
export type AlgorithmList = keyof typeof SUPPORTED;

/** The names in a list that ssh2 supports, in the list's order. */
export function supportedBySsh2(list: AlgorithmList, names: readonly string[]): string[] {
  const supported: readonly string[] = SUPPORTED[list];
  return names.filter((name) => supported.includes(name));
}

/** MACs without SHA-1, offered unless ssh_config says otherwise. */
const DEFAULT_MACS = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
] as const;

/** What to offer a host; `hostKeyAlgorithms` ordered by what is known of it, best first. */
export function ssh2Algorithms(
  { ciphers, kexAlgorithms, macs }: ResolvedDestination,
  hostKeyAlgorithms: readonly HostKeyAlgorithm[],
): ssh2.Algorithms {
  return {
    serverHostKey: [...hostKeyAlgorithms],
    // ssh2 checks the names itself.
    hmac: [...(macs ?? DEFAULT_MACS)] as ssh2.MacAlgorithm[],
    compress: ['none'],
    ...(ciphers && { cipher: [...ciphers] as ssh2.CipherAlgorithm[] }),
    ...(kexAlgorithms && { kex: [...kexAlgorithms] as ssh2.KexAlgorithm[] }),
  };
}
