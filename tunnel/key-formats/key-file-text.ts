import { decodeBase64, keyType, readNamedKey, untilNul } from './public-key.js';
import { FieldReader } from './wire-fields.js';

/** What the text of a private key file says in clear. */
export interface PrivateKeyInfo {
  readonly form: 'openssh' | 'pem' | 'pkcs8';
  readonly isEncrypted: boolean;
  /** Its public half as SSH sends it; only OpenSSH's own form tells it. */
  readonly publicKey?: Buffer | undefined;
  /** Names what encrypts it, in OpenSSH's own form. */
  readonly cipher?: string | undefined;
}

/** As OpenSSH has it; no key comes near it. */
export const MAX_KEY_BYTES = 1024 * 1024;

/** What ssh2 can decrypt of what `ssh-keygen -Z` offers. */
const DECRYPTABLE = /^(none|3des-cbc|aes(128|192|256)-(cbc|ctr)|aes(128|256)-gcm@openssh\.com)$/;
const MAGIC = 'openssh-key-v1\0';

/** A byte order mark may come before it, as in files that were edited on Windows. */
const BEGINNING = /^\uFEFF?-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----/m;
const END = /-----END [A-Z0-9 ]*-----/;

/**
 * The private key in a text alone, without what OpenSSL and people write before and after it: parameters of the
 * curve, certificates, remarks. Undefined when there is none.
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
 * Why only OpenSSH itself can use an identity, as a part of a sentence; undefined when ssh2 can.
 * @param text what its file holds
 * @param certificateFiles certificates that are to be presented
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

/** Its beginning names cipher, key derivation, its options and the public key, in clear. */
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
