import { decodeBase64, keyType, readNamedKey, untilNul } from '../../base/key-formats/parse-public-key.js';
import { FieldReader } from '../../base/key-formats/wire-fields.js';

/** What the text of a private key file says unencrypted. */
export interface PrivateKeyInfo {
  readonly form: 'openssh' | 'pem' | 'pkcs8';
  readonly isEncrypted: boolean;
  /** Its public half as SSH sends it; only in OpenSSH's own format. */
  readonly publicKey?: Buffer | undefined;
  /** The cipher that encrypts it; only in OpenSSH's own format. */
  readonly cipher?: string | undefined;
}

/** OpenSSH's limit; no key comes near it. */
export const MAX_KEY_BYTES = 1024 * 1024;

/** The ciphers of `ssh-keygen -Z` that ssh2 can decrypt. */
const DECRYPTABLE = /^(none|3des-cbc|aes(128|192|256)-(cbc|ctr)|aes(128|256)-gcm@openssh\.com)$/;
const MAGIC = 'openssh-key-v1\0';

/** A byte order mark may come before it, as in files that were edited on Windows. */
const BEGINNING = /^\uFEFF?-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----/m;
const END = /-----END [A-Z0-9 ]*-----/;

/**
 * Only the private key in a text, without what OpenSSL and people write around it: curve parameters, certificates, comments.
 * Undefined when there is none.
 */
export function privateKeyIn(text: string): string | undefined {
  const start = text.search(BEGINNING);
  if (start < 0) return undefined;
  const key = text
    .slice(start)
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n');
  const end = END.exec(key);
  return `${(end ? key.slice(0, end.index + end[0].length) : key).trimEnd()}\n`;
}

/** Looks at a text; undefined when it contains no private key. */
export function inspectPrivateKey(content: string): PrivateKeyInfo | undefined {
  const text = privateKeyIn(content) ?? '';
  const label = BEGINNING.exec(text)?.[1];
  switch (label) {
    case undefined:
      return undefined;
    case '':
      return { form: 'pkcs8', isEncrypted: false };
    case 'ENCRYPTED ':
      return { form: 'pkcs8', isEncrypted: true };
    case 'OPENSSH ':
      return inspectOpenSshKey(text);
    default:
      return { form: 'pem', isEncrypted: /^Proc-Type: *4, *ENCRYPTED/m.test(text) };
  }
}

/** The first public key in a .pub file, as SSH sends it; undefined when there is none. */
export function readPublicKeyFile(text: string): Buffer | undefined {
  for (const line of text.split('\n')) {
    if (line.startsWith('-----BEGIN')) return undefined;
    const [, name = '', base64 = ''] = /^[ \t]*([^ \t]+)[ \t]+([^ \t]+)/.exec(untilNul(line)) ?? [];
    if (readNamedKey(name, base64) !== undefined) return decodeBase64(base64);
  }
  return undefined;
}

/**
 * Why only OpenSSH can use an identity, as part of a sentence; undefined when ssh2 can.
 * @param text the content of its file
 * @param certificateFiles certificates to present
 */
export function identityNeedsOpenSsh(text: string, certificateFiles: readonly string[]): string | undefined {
  const [certificate] = certificateFiles;
  if (certificate !== undefined) return `the certificate ${certificate}`;
  const key = inspectPrivateKey(text);
  const publicKey = key?.publicKey ?? readPublicKeyFile(text);
  const type = publicKey && keyType(publicKey);
  if (type?.startsWith('sk-')) return 'a key on a FIDO token';
  if (type?.includes('-cert-')) return 'a user certificate';
  if (key?.cipher !== undefined && !DECRYPTABLE.test(key.cipher)) {
    return `a private key encrypted with ${key.cipher}`;
  }
  return undefined;
}

/** It starts with cipher, key derivation, its options and the public key, unencrypted. */
function inspectOpenSshKey(text: string): PrivateKeyInfo {
  const base64 = /KEY-----([^-]*)-----END/.exec(text)?.[1] ?? '';
  const content = Buffer.from(base64, 'base64');
  const form = 'openssh';
  if (content.toString('latin1', 0, MAGIC.length) !== MAGIC) return { form, isEncrypted: false };
  const fields = new FieldReader(content, MAGIC.length);
  const cipher = fields.string()?.toString('latin1');
  fields.string();
  fields.string();
  fields.skip(4);
  const publicKey = fields.string();
  return {
    form,
    isEncrypted: cipher !== undefined && cipher !== 'none',
    cipher,
    publicKey,
  };
}
