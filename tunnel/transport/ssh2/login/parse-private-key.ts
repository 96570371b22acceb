import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';
import { sshString } from '../../../../base/key-formats/wire-fields.js';
import { inspectPrivateKey, privateKeyIn } from '../../../key-formats/inspect-key-file.js';

/** Two equal numbers, which tell a reader that it decrypted correctly. */
const CHECK = Buffer.alloc(8);
const BLOCK_SIZE = 8;

/** In OpenSSL's names. */
const SSH_CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

/**
 * Reads a private key in any format that `ssh-keygen` or `openssl` writes. Slow and blocking for an encrypted key in
 * OpenSSH's own format.
 * @throws Error when the passphrase is wrong or the text cannot be read
 */
export function parsePrivateKey(text: string, passphrase?: string): ParsedKey {
  const key = privateKeyIn(text);
  if (key === undefined) throw new Error('it contains no private key');
  if (inspectPrivateKey(key)?.form === 'openssh') return parsed(key, passphrase);
  return parsed(formatPrivateKey(createPrivateKey({ key, passphrase })));
}

/** An unencrypted private key in a format that {@link parsePrivateKey} reads quickly. */
export function formatPrivateKey(key: KeyObject): string {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return String(key.export({ type: 'pkcs1', format: 'pem' }));
    case 'ec':
      return String(plainly(key).export({ type: 'sec1', format: 'pem' }));
    case 'ed25519':
      return formatEd25519(key.export({ format: 'jwk' }));
    default:
      throw new TypeError(`SSH servers do not accept ${key.asymmetricKeyType} keys`);
  }
}

/** An elliptic-curve key without what ssh2 cannot read: explicit curve parameters, a compressed or missing public half. */
function plainly(key: KeyObject): KeyObject {
  const curve = key.asymmetricKeyDetails?.namedCurve ?? 'it uses';
  if (!SSH_CURVES.includes(curve)) throw new TypeError(`SSH does not support keys on the curve ${curve}`);
  return createPrivateKey({ key: key.export({ format: 'jwk' }), format: 'jwk' });
}

function parsed(text: string, passphrase?: string): ParsedKey {
  const key: ParsedKey | Error = ssh2.utils.parseKey(text, passphrase);
  if (key instanceof Error) throw key;
  if (key.type === 'ssh-dss') throw new TypeError('SSH servers do not accept DSA keys');
  return key;
}

/** OpenSSH's own format, the only one in which ssh2 reads such keys. */
function formatEd25519({ d = '', x = '' }: JsonWebKey): string {
  const publicHalf = Buffer.from(x, 'base64url');
  const type = Buffer.from('ssh-ed25519');
  const none = Buffer.from('none');
  const secret = Buffer.concat([
    CHECK,
    ...[type, publicHalf, Buffer.concat([Buffer.from(d, 'base64url'), publicHalf]), Buffer.alloc(0)].map(
      sshString,
    ),
  ]);
  const padding = Buffer.from(
    Array.from({ length: -secret.length & (BLOCK_SIZE - 1) }, (_, index) => index + 1),
  );
  const content = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[none, none, Buffer.alloc(0)].map(sshString),
    Buffer.from([0, 0, 0, 1]),
    sshString(Buffer.concat([sshString(type), sshString(publicHalf)])),
    sshString(Buffer.concat([secret, padding])),
  ]);
  const lines = content.toString('base64').replace(/.{70}/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
