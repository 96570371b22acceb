import { setTimeout as delay } from 'node:timers/promises';
import { readRegularFile } from '../../../base/read-regular-file.js';
import {
  type AppSecret,
  type ClientWorld,
  isVariableText,
  type Log,
  listSecrets,
  MOST_SECRET_BYTES,
  openSecret,
  type SecretPlace,
  sealSecret,
} from '../../../world/internal.js';
import { isReadRetryable, retryWhileUnavailable } from '../retry-while-unavailable.js';
import type { HostIdentity } from './host-identity.js';

/** The secrets of a release by name, as only this host can read them: ciphertexts in age's format, as base64. */
export type SealedSecrets = Readonly<Record<string, string>>;

export interface FetchOptions {
  readonly world: ClientWorld;
  readonly identity: HostIdentity;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Reads the present values of an app's secrets, and checks that they can be used here.
 *
 * @throws Error, with a sentence for the report and nothing of a value, for one that is missing or cannot be used
 */
export async function fetchSecrets(
  app: string,
  wanted: Readonly<Record<string, AppSecret>>,
  options: FetchOptions,
): Promise<SealedSecrets> {
  const { world, log, signal } = options;
  const all = Object.entries(wanted);
  const isAsked = all.some(([, { from }]) => from === undefined);
  const read = () => listSecrets(world.client, app, log, { signal });
  const stored = isAsked
    ? await retryWhileUnavailable(read, { signal, log, isRetryable: isReadRetryable })
    : [];
  const found: [string, string][] = [];
  for (const [name, secret] of all) {
    const place = { app, name };
    const ciphertext = stored.find((one) => one.name === name)?.secret.ciphertext;
    found.push([name, await fetchSecret(place, secret, ciphertext, options.identity)]);
    await delay(0, undefined, { signal }); // decrypting keeps this process busy for some milliseconds
  }
  return Object.fromEntries(found);
}

async function fetchSecret(
  place: SecretPlace,
  { as, from }: AppSecret,
  stored: string | undefined,
  host: HostIdentity,
): Promise<string> {
  const { app, name } = place;
  const { identity, recipient } = await host.get();
  const again = `run "hawser secret set ${name} --app ${app}", then deploy again`;
  if (from === undefined && stored === undefined) throw new Error(`The secret ${name} is not set: ${again}`);
  const value = from === undefined ? undefined : readSecretFile(name, from);
  const ciphertext = value === undefined ? (stored ?? '') : await sealSecret(place, value, [recipient]);
  const plain =
    value ??
    (await openSecret(place, ciphertext, identity).catch((error: Error) => {
      throw new Error(
        `This host cannot read the secret ${name}, which was set before the host had its key, or for other hosts (${error.message}): ${again}`,
      );
    }));
  if (as !== 'file' && !isVariableText(plain))
    throw new Error(`The secret ${name} has bytes that no variable can hold: give it to the app as a file`);
  return ciphertext;
}

function readSecretFile(name: string, file: string): Buffer {
  const refuse = (why: string) =>
    new Error(`The secret ${name} is to come from ${file} on this host, which ${why}`);
  let value: Buffer;
  try {
    value = readRegularFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw refuse(
      code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? 'for an unknown reason'})`,
    );
  }
  if (value.length === 0) throw refuse('is empty');
  if (value.length > MOST_SECRET_BYTES) throw refuse(`has more than ${MOST_SECRET_BYTES} bytes`);
  return value;
}
