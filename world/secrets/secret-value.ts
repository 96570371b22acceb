import { z } from 'zod';
import { parseJson } from '../client/stored/read-json.js';
import { decrypt, encrypt } from './age.js';

/** What a secret can be called: it becomes a variable, and the name of a file. */
export const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** More than passwords, keys, and certificates have; Linux takes twice as much in one variable. */
export const MOST_SECRET_BYTES = 65_536;

/** The app and the name that a value belongs to. */
export interface SecretPlace {
  readonly app: string;
  readonly name: string;
}

const sealedSchema = z.object({ app: z.string(), name: z.string(), value: z.base64() });

/**
 * Whether a value can be an environment variable: UTF-8 without control characters but tabs and newlines, since systemd
 * would leave others out, and write the whole value to its journal.
 */
export function isVariableText(value: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
    return !/[^\P{Cc}\t\n]/u.test(text);
  } catch {
    return false; // no UTF-8
  }
}

/**
 * Encrypts a value to the recipients of hosts. Its place is encrypted with it, so that whoever can write into etcd cannot make
 * one app's secret that of another.
 *
 * @returns base64
 */
export function sealSecret(
  { app, name }: SecretPlace,
  value: Uint8Array,
  recipients: Iterable<string>,
): Promise<string> {
  const sealed = { app, name, value: Buffer.from(value).toString('base64') };
  return encrypt(Buffer.from(JSON.stringify(sealed)), recipients);
}

/** @throws Error for what this identity cannot decrypt, and for the secret of another place; without anything of the value */
export async function openSecret(
  { app, name }: SecretPlace,
  ciphertext: string,
  identity: string,
): Promise<Buffer> {
  const sealed = sealedSchema.safeParse(parseJson((await decrypt(ciphertext, identity)).toString())).data;
  if (sealed?.app !== app || sealed.name !== name) throw new Error('it was encrypted for another secret');
  return Buffer.from(sealed.value, 'base64');
}
