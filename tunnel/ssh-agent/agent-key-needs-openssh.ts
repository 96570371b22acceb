import { keyType } from '../../base/key-formats/parse-public-key.js';
import { readTextIfPossible } from '../files/read-without-blocking.js';
import { MAX_KEY_BYTES, readPublicKeyFile } from '../key-formats/inspect-key-file.js';
import type { ResolvedDestination } from '../ssh-config/resolved-destination.js';
import { isUsableBySsh2 } from '../transport/ssh2/login/sign-in-agent.js';
import { listAgentIdentities } from './agent-protocol.js';

/**
 * Why a key that the SSH agent would offer needs OpenSSH, as part of a sentence: it is a certificate or a FIDO key.
 * Undefined when there is no such key, or no SSH agent.
 */
export async function whyAgentNeedsOpenSsh(
  destination: ResolvedDestination,
  { signal }: { readonly signal: AbortSignal },
): Promise<string | undefined> {
  const { agentSocket, authMethods } = destination;
  if (agentSocket === undefined || !authMethods.includes('publickey')) return undefined;
  const held = await listOrNothing(agentSocket, signal);
  const beyondSsh2 = held.filter((key) => !isUsableBySsh2(key)).map(({ publicKey }) => publicKey);
  const offered = destination.identitiesOnly ? await namedBy(destination, beyondSsh2, signal) : beyondSsh2;
  const [first] = offered;
  if (first === undefined) return undefined;
  const type = keyType(first) ?? 'an unknown type';
  if (type.includes('-cert-')) return 'the SSH agent holds a user certificate';
  if (type.startsWith('sk-')) return 'the SSH agent holds a key on a FIDO token';
  return `the SSH agent holds a key of type ${type}`;
}

/** The keys of an SSH agent that identity or certificate files name too. */
async function namedBy(
  { identityFiles, defaultIdentityFiles, certificateFiles }: ResolvedDestination,
  keys: readonly Buffer[],
  signal: AbortSignal,
): Promise<Buffer[]> {
  if (keys.length === 0) return [];
  const identities = [...identityFiles, ...defaultIdentityFiles];
  const files = [
    ...certificateFiles,
    ...identities.flatMap((file) => [file, `${file}.pub`, `${file}-cert.pub`]),
  ];
  const named = await Promise.all(files.map((file) => publicKeyIn(file, signal)));
  return keys.filter((key) => named.some((one) => one?.equals(key)));
}

async function publicKeyIn(file: string, signal: AbortSignal): Promise<Buffer | undefined> {
  const text = await readTextIfPossible(file, { maxBytes: MAX_KEY_BYTES, signal });
  return text === undefined ? undefined : readPublicKeyFile(text);
}

async function listOrNothing(
  socketPath: string,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<typeof listAgentIdentities>>> {
  try {
    return await listAgentIdentities(socketPath, { signal });
  } catch {
    // Problems with the SSH agent are logged where its keys are offered.
    signal.throwIfAborted();
    return [];
  }
}
