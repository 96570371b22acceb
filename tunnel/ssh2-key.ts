import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';
import { inspectKey } from './key-text.js';
import { field } from './ssh-fields.js';

/** Two equal numbers, which show a reader that it decrypted rightly. */
const CHECK = Buffer.alloc(8);
const BLOCK_SIZE = 8;

/**
 * Reads a private key in any form that `ssh-keygen` or `openssl` write it in. Slow, and blocking, for an encrypted
 * key in OpenSSH's own form.
 * @throws Error when the passphrase is wrong or the text is none that can be read
 */
export function readPrivateKey(text: string, passphrase?: string): ParsedKey {
  const form = inspectKey(text)?.form;
  if (form === 'openssh' || (form === 'pem' && passphrase === undefined)) return parsed(text, passphrase);
  const key = createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase }) });
  return parsed(formatPrivateKey(key));
}

/** The text of an unencrypted private key that {@link readPrivateKey} reads at once. */
export function formatPrivateKey(key: KeyObject): string {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return String(key.export({ type: 'pkcs1', format: 'pem' }));
    case 'ec':
      return String(key.export({ type: 'sec1', format: 'pem' }));
    case 'ed25519':
      return formatEd25519(key.export({ format: 'jwk' }));
    default:
      throw new TypeError(`SSH has no ${key.asymmetricKeyType} keys`);
  }
}

function parsed(text: string, passphrase?: string): ParsedKey {
  const key: ParsedKey | Error = ssh2.utils.parseKey(text, passphrase);
  if (key instanceof Error) throw key;
  return key;
}

/** OpenSSH's own form, the only one that ssh2 reads such keys in. */
function formatEd25519({ d = '', x = '' }: JsonWebKey): string {
  const publicHalf = Buffer.from(x, 'base64url');
  const type = Buffer.from('ssh-ed25519');
  const none = Buffer.from('none');
  const secret = Buffer.concat([
    CHECK,
    ...[type, publicHalf, Buffer.concat([Buffer.from(d, 'base64url'), publicHalf]), Buffer.alloc(0)].map(
      field,
    ),
  ]);
  const padding = Buffer.from(
    Array.from({ length: -secret.length & (BLOCK_SIZE - 1) }, (_, index) => index + 1),
  );
  const content = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[none, none, Buffer.alloc(0)].map(field),
    Buffer.from([0, 0, 0, 1]),
    field(Buffer.concat([field(type), field(publicHalf)])),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = content.toString('base64').replace(/.{70}/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
