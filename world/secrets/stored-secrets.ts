import { z } from 'zod';
import type { Log } from '../../base/log.js';
import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { logSkipped } from '../client/stored/log-skipped.js';
import { readStoredJson } from '../client/stored/read-json.js';
import { APP_NAME } from '../deploys/manifest.js';
import { WorldError } from '../errors.js';
import { SECRETS_PREFIX } from '../keys.js';
import { AGE_RECIPIENT } from './recipients.js';
import { SECRET_NAME, type SecretPlace } from './secret-value.js';

/** A secret as it is stored: who can read it, and nothing of what it is. */
export interface StoredSecret {
  /** When it was set, ISO 8601. */
  readonly at: string;
  /** Who set it, such as "ann@laptop". */
  readonly by: string;
  /** The hosts that can decrypt it, with the recipients that it was encrypted to. */
  readonly hosts: Readonly<Record<string, string>>;
  /** Whether it can be an environment variable. */
  readonly isText: boolean;
  /** In age's format, as base64. */
  readonly ciphertext: string;
}

export const secretSchema: z.ZodType<StoredSecret> = z.object({
  at: z.string(),
  by: z.string(),
  hosts: z.record(z.string(), z.string().regex(AGE_RECIPIENT)),
  isText: z.boolean(),
  ciphertext: z.base64(),
});

/** @throws WorldError `invalid` for a name that no app or no secret can have */
function secretKey({ app, name }: SecretPlace): string {
  if (APP_NAME.test(app) && SECRET_NAME.test(name)) return `${SECRETS_PREFIX}${app}/${name}`;
  throw new WorldError('invalid', `"${app}/${name}" is not a valid name of a secret.`);
}

/** Stores a secret in place of the one before. */
export async function putSecret(
  client: Client,
  place: SecretPlace,
  secret: StoredSecret,
  options?: CallOptions,
): Promise<void> {
  await client.setIfChanged(secretKey(place), JSON.stringify(secret), options);
}

/** @returns whether there was one */
export async function removeSecret(
  client: Client,
  place: SecretPlace,
  options?: CallOptions,
): Promise<boolean> {
  const key = secretKey(place);
  if ((await client.get(key, options)) === undefined) return false;
  await client.delIfPresent(key, options);
  return true;
}

/** A secret, and what it is called. */
export interface NamedSecret extends SecretPlace {
  readonly secret: StoredSecret;
}

/** The secrets of an app, or of all, sorted by app and name. */
export async function listSecrets(
  client: Client,
  app: string | undefined,
  log: Log | undefined,
  options?: CallOptions,
): Promise<NamedSecret[]> {
  const { entries } = await client.list(`${SECRETS_PREFIX}${app === undefined ? '' : `${app}/`}`, options);
  return entries.flatMap((entry): NamedSecret[] => {
    const place = parseSecretKey(entry.key);
    if (place === undefined) {
      logSkipped(log, entry.key, 'it does not end with the names of an app and of a secret');
      return [];
    }
    const secret = readStoredJson(secretSchema, entry, log);
    return secret === undefined ? [] : [{ ...place, secret }];
  });
}

/** Undefined for the key of no secret. */
export function parseSecretKey(key: string): SecretPlace | undefined {
  if (!key.startsWith(SECRETS_PREFIX)) return undefined;
  const [app = '', name = '', ...more] = key.slice(SECRETS_PREFIX.length).split('/');
  return more.length > 0 || !APP_NAME.test(app) || !SECRET_NAME.test(name) ? undefined : { app, name };
}
