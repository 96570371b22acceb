import { decodeBase64 } from '../../../base/key-formats/parse-public-key.js';
import { FieldReader } from '../../../base/key-formats/wire-fields.js';

/** For how long a certificate of SSH counts. */
export interface CertificateLife {
  readonly file: string;
  /** In milliseconds since 1970; infinite for one without limits. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** How many fields the key itself has in a certificate of each kind (PROTOCOL.certkeys). */
const KEY_FIELDS: Readonly<Record<string, number>> = {
  'ssh-ed25519-cert-v01@openssh.com': 1,
  'sk-ssh-ed25519-cert-v01@openssh.com': 2,
  'ssh-rsa-cert-v01@openssh.com': 2,
  'ecdsa-sha2-nistp256-cert-v01@openssh.com': 2,
  'ecdsa-sha2-nistp384-cert-v01@openssh.com': 2,
  'ecdsa-sha2-nistp521-cert-v01@openssh.com': 2,
  'sk-ecdsa-sha2-nistp256-cert-v01@openssh.com': 3,
};

/** Of the certificate in a `-cert.pub` file; undefined for anything else. */
export function readCertificateLife(text: string): Omit<CertificateLife, 'file'> | undefined {
  const [type = '', base64 = ''] = text.trim().split(/\s+/);
  const blob = decodeBase64(base64);
  const count = Object.hasOwn(KEY_FIELDS, type) ? KEY_FIELDS[type] : undefined;
  if (blob === undefined || count === undefined) return undefined;
  const fields = new FieldReader(blob);
  if (fields.string()?.toString('latin1') !== type) return undefined;
  // The nonce, then the key.
  for (let field = 0; field <= count; field += 1) fields.string();
  fields.skip(8 + 4);
  fields.string();
  fields.string();
  const from = time(fields);
  const to = time(fields);
  return from === undefined || to === undefined ? undefined : { fromMs: from, toMs: to };
}

/** 64 bits of seconds. */
function time(fields: FieldReader): number | undefined {
  const high = fields.uint32();
  const low = fields.uint32();
  if (high === undefined || low === undefined) return undefined;
  const seconds = high * 2 ** 32 + low;
  return seconds > 8e12 ? Number.POSITIVE_INFINITY : seconds * 1_000;
}
