import ssh2, { type ParsedKey } from 'ssh2';
import { badIdentity, type Identity } from '../../../identity/read-identity-files.js';
import { hashOf, isRsa, type RsaAlgorithms } from '../../../key-formats/choose-rsa-algorithm.js';
import { formatDestination } from '../../../parse-destination.js';
import type { ResolvedDestination } from '../../../ssh-config/resolved-destination.js';
import { decryptKey } from './decrypt-key.js';
import type { LoginMethod, LoginOptions, Signature } from './login-method.js';
import { parsePrivateKey } from './parse-private-key.js';
import { OneKeyAgent, type Sign, signInAgent } from './sign-in-agent.js';

type FileIdentity = Identity & { readonly kind: 'file' };

/** How often a passphrase may be mistyped, as with OpenSSH. */
const PASSPHRASE_TRIES = 3;

/**
 * Prepares an identity to be offered; undefined when that is impossible, such as without a passphrase. The passphrase is
 * asked for once the host accepts the key, unless the key's format hides the public half.
 *
 * @throws TunnelError `bad-identity` for a required key that cannot be read
 */
export async function offerIdentity(
  identity: Identity,
  destination: ResolvedDestination,
  options: LoginOptions,
): Promise<LoginMethod | undefined> {
  const username = destination.user;
  const { name } = identity;
  const { agentSocket } = destination;
  if (identity.kind === 'agent') {
    if (agentSocket === undefined) return undefined;
    const sign = signInAgent(agentSocket, identity.publicKey, options.signal);
    return byAgent(identity.publicKey, sign, { name, username, rsa: options.rsa });
  }
  const { publicKey, isEncrypted } = identity;
  if (isEncrypted && publicKey !== undefined) {
    let unlocked: ParsedKey | undefined;
    const sign: Sign = async (data, { hash }) => {
      unlocked = await decryptOrFail(identity, destination, options);
      if (unlocked === undefined) throw new Error(`no passphrase for ${name}`);
      return unlocked.sign(data, hash);
    };
    const method = byAgent(publicKey, sign, { name, username, rsa: options.rsa });
    return method && { ...method, privateKey: () => unlocked };
  }
  const key = isEncrypted
    ? await decrypt(identity, destination, options)
    : read(identity, destination, options);
  return (
    key && {
      name,
      publicKey: key.getPublicSSH(),
      isRsa: isRsa(key),
      privateKey: () => key,
      method: { type: 'publickey', username, key },
    }
  );
}

function byAgent(
  publicKey: Buffer,
  sign: Sign,
  { name, username, rsa }: { readonly name: string; readonly username: string; readonly rsa: RsaAlgorithms },
): LoginMethod | undefined {
  const key = ssh2.utils.parseKey(publicKey);
  if (key instanceof Error) return undefined;
  let signature: Signature = 'not-wanted';
  const agent = new OneKeyAgent(key, async (data, options) => {
    signature = 'failed';
    const hash = hashOf(rsa.choose(key, undefined)) ?? options.hash;
    const signed = await sign(data, { ...options, ...(hash !== undefined && { hash }) });
    signature = 'given';
    return signed;
  });
  const method = { type: 'agent', username, agent } as const;
  return { name, publicKey, isRsa: isRsa(key), method, signature: () => signature };
}

function read(
  { name, privateKey, isRequired }: FileIdentity,
  destination: ResolvedDestination,
  { log }: LoginOptions,
): ParsedKey | undefined {
  try {
    return parsePrivateKey(privateKey);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const failure = badIdentity(formatDestination(destination), name, problem, error);
    if (isRequired) throw failure;
    log?.('debug', failure.message);
    return undefined;
  }
}

/** While signing, ssh2 takes every error for a reason to try the next key. */
async function decryptOrFail(...args: Parameters<typeof decrypt>): ReturnType<typeof decrypt> {
  try {
    return await decrypt(...args);
  } catch (error) {
    const [, , { onFailed }] = args;
    onFailed(error);
    throw error;
  }
}

/** Asks for the passphrase, once per run for each file, for whichever host. */
async function decrypt(
  { name: file, privateKey }: FileIdentity,
  destination: ResolvedDestination,
  { questions, ...options }: LoginOptions,
): Promise<ParsedKey | undefined> {
  const host = formatDestination(destination);
  const decrypted = await questions?.once(`key ${file}`, options, async (put) => {
    for (let tries = 0; tries < PASSPHRASE_TRIES; tries += 1) {
      const text = `${tries === 0 ? '' : 'Bad passphrase, try again. '}Enter passphrase for key '${file}': `;
      const passphrase = await put({ kind: 'passphrase', host, text, echo: false });
      if (!passphrase) return undefined;
      const key = await decryptKey({ privateKey, passphrase }, options);
      if (key !== undefined) return key;
    }
    return undefined;
  });
  return decrypted === undefined ? undefined : parsePrivateKey(decrypted);
}
