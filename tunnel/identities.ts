import { readFile } from 'node:fs/promises';
import { TunnelError } from './errors.js';
import type { Log } from './log.js';
import type { ResolvedDestination } from './ssh-config.js';

/** Where to look for what proves who we are. */
export interface IdentitySources {
  /** Private keys that were asked for: one that cannot be used is an error. */
  readonly identityFiles: readonly string[];
  /** Private keys to try when they are there and not encrypted. */
  readonly optionalIdentityFiles: readonly string[];
  /** The agent's unix socket. */
  readonly agentSocket?: string;
}

/** Where a destination says to look. */
export function identitySources(destination: ResolvedDestination): IdentitySources {
  const { identityFiles, requiredIdentityFiles, defaultIdentityFiles, agentSocket } = destination;
  const fromConfig = identityFiles.filter((file) => !requiredIdentityFiles.includes(file));
  return {
    identityFiles: requiredIdentityFiles,
    optionalIdentityFiles: [...fromConfig, ...defaultIdentityFiles],
    ...(agentSocket !== undefined && { agentSocket }),
  };
}

/** Something to offer a host, in the order of offering. */
export type Identity =
  | {
      readonly kind: 'file';
      readonly file: string;
      readonly privateKey: string;
      readonly isOptional: boolean;
    }
  | { readonly kind: 'agent'; readonly socketPath: string };

type KeyProblem = 'encrypted' | 'pkcs8' | 'public' | 'not-a-key';

/**
 * Reads the private keys: those asked for, then the agent, then the optional ones.
 * @throws TunnelError `bad-identity` for a file asked for that cannot be used.
 */
export async function readIdentities(
  sources: IdentitySources,
  {
    host,
    signal,
    log,
  }: { readonly host: string; readonly signal: AbortSignal; readonly log?: Log | undefined },
): Promise<Identity[]> {
  const identities: Identity[] = [];
  for (const file of sources.identityFiles) {
    identities.push(await readKey(file, { host, signal, isOptional: false }));
  }
  if (sources.agentSocket) identities.push({ kind: 'agent', socketPath: sources.agentSocket });
  for (const file of sources.optionalIdentityFiles) {
    try {
      identities.push(await readKey(file, { host, signal, isOptional: true }));
    } catch (error) {
      if (!(error instanceof TunnelError)) throw error;
      log?.('debug', error.message);
    }
  }
  return identities;
}

/** What keeps a text from being a private key that can be used as it is; undefined when nothing does. */
export function findKeyProblem(text: string): KeyProblem | undefined {
  const label = /^-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----/m.exec(text)?.[1];
  if (label === undefined) return /^(ssh|ecdsa|sk)-\S+ AAAA/m.test(text) ? 'public' : 'not-a-key';
  if (label === 'ENCRYPTED ' || /^Proc-Type: *4, *ENCRYPTED/m.test(text)) return 'encrypted';
  if (label === '') return 'pkcs8';
  return label === 'OPENSSH ' && cipherOf(text) !== 'none' ? 'encrypted' : undefined;
}

/** The error for a key file that cannot be used. */
export function badIdentity(host: string, file: string, problem: string, cause?: unknown): TunnelError {
  return new TunnelError(
    'bad-identity',
    host,
    `Could not use the identity ${file} for ${host}: ${problem}.`,
    {
      file,
      ...(cause !== undefined && { cause }),
    },
  );
}

async function readKey(
  file: string,
  {
    host,
    signal,
    isOptional,
  }: { readonly host: string; readonly signal: AbortSignal; readonly isOptional: boolean },
): Promise<Identity> {
  let privateKey: string;
  try {
    privateKey = await readFile(file, { encoding: 'utf8', signal });
  } catch (error) {
    signal.throwIfAborted();
    throw badIdentity(host, file, `it cannot be read (${codeOf(error)})`, error);
  }
  const problem = findKeyProblem(privateKey);
  if (problem) throw badIdentity(host, file, describe(problem, file));
  return { kind: 'file', file, privateKey, isOptional };
}

function describe(problem: KeyProblem, file: string): string {
  switch (problem) {
    case 'encrypted':
      return `it is encrypted; add it to an SSH agent with "ssh-add ${file}"`;
    case 'pkcs8':
      return `it is in PKCS#8 form; rewrite it in OpenSSH's with "ssh-keygen -p -f ${file}"`;
    case 'public':
      return 'it is a public key; give the private one beside it';
    case 'not-a-key':
      return 'it holds no private key';
  }
}

/** The cipher that an OpenSSH private key names in clear at its beginning. */
function cipherOf(text: string): string | undefined {
  const base64 = /KEY-----([^-]*)-----END/.exec(text)?.[1] ?? '';
  const magic = 'openssh-key-v1\0';
  const content = Buffer.from(base64, 'base64');
  if (content.toString('latin1', 0, magic.length) !== magic || content.length < magic.length + 4)
    return 'none';
  const start = magic.length + 4;
  return content.toString('latin1', start, start + content.readUInt32BE(magic.length));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
