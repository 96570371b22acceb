import { createHash } from 'node:crypto';
import { decodeBase64, parsePublicKey } from '../../base/key-formats/parse-public-key.js';
import { FieldReader, sshString, uint32 } from '../../base/key-formats/wire-fields.js';
import { verifyWithKey } from './verify-with-key.js';

// The format of `ssh-keygen -Y`: PROTOCOL.sshsig of OpenSSH.

const MAGIC = Buffer.from('SSHSIG');
const VERSION = 1;
const HASHES: readonly string[] = ['sha256', 'sha512'];
const BEGIN = '-----BEGIN SSH SIGNATURE-----';
const END = '-----END SSH SIGNATURE-----';
const LINE_CHARACTERS = 70;

/** Signatures are short; what is longer is none. */
const MAX_CHARACTERS = 16_384;

/** A signature, and the key that it says it is by. */
export interface SshSignature {
  /** As SSH sends it; never a certificate. */
  readonly publicKey: Buffer;
  /** What the signature is for, so that one that was made for something else does not count. */
  readonly namespace: string;
  readonly hash: string;
  /** The algorithm and the bytes, as SSH writes them. */
  readonly signature: Buffer;
}

/** Reads an armoured signature; undefined for anything else, and for keys that cannot be verified here. */
export function parseSshSignature(text: string): SshSignature | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const trimmed = text.trim();
  if (!trimmed.startsWith(BEGIN) || !trimmed.endsWith(END)) return undefined;
  const blob = decodeBase64(trimmed.slice(BEGIN.length, -END.length));
  if (blob === undefined || !blob.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const fields = new FieldReader(blob, MAGIC.length);
  if (fields.uint32() !== VERSION) return undefined;
  const [publicKey, namespace, reserved, hash, signature] = [
    fields.string(),
    fields.text(),
    fields.string(),
    fields.text() ?? '',
    fields.string(),
  ];
  if (publicKey === undefined || namespace === undefined || reserved === undefined || signature === undefined)
    return undefined;
  if (!fields.isAtEnd || namespace === '' || !HASHES.includes(hash)) return undefined;
  const key = parsePublicKey(publicKey);
  if (key === undefined || key.isCertificate || !key.key.equals(publicKey)) return undefined;
  return { publicKey, namespace, hash, signature };
}

/** Whether a signature is by its key, over `message`, for `namespace`. Whose key that is, it does not say. */
export function isSignatureOf(signature: SshSignature, namespace: string, message: string | Buffer): boolean {
  if (signature.namespace !== namespace) return false;
  try {
    const data = signedData(namespace, signature.hash, message);
    return verifyWithKey(signature.publicKey, signature.signature, data);
  } catch {
    return false; // no key after all
  }
}

/** What a key has to sign for a signature over `message`. */
export function signedData(namespace: string, hash: string, message: string | Buffer): Buffer {
  const digest = createHash(hash).update(message).digest();
  return Buffer.concat([MAGIC, sshString(namespace), sshString(''), sshString(hash), sshString(digest)]);
}

/** Writes a signature as `ssh-keygen -Y sign` does. */
export function formatSshSignature({ publicKey, namespace, hash, signature }: SshSignature): string {
  const blob = Buffer.concat([
    MAGIC,
    uint32(VERSION),
    ...[publicKey, namespace, '', hash, signature].map(sshString),
  ]);
  const lines = blob.toString('base64').match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? [];
  return [BEGIN, ...lines, END, ''].join('\n');
}
