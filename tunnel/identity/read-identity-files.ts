import type { Log } from '../../base/log.js';
import { TunnelError } from '../errors.js';
import { readTextIfPossible, readWithoutBlocking, UnreadableFile } from '../files/read-without-blocking.js';
import { errorCode } from '../files/system-error-code.js';
import {
  identityNeedsOpenSsh,
  inspectPrivateKey,
  MAX_KEY_BYTES,
  readPublicKeyFile,
} from '../key-formats/inspect-key-file.js';
import { formatDestination } from '../parse-destination.js';
import type { ResolvedDestination } from '../ssh-config/resolved-destination.js';
import { permissionProblemOf } from './key-permission-problem.js';

/** What an identity file contains. */
export interface IdentityFile {
  readonly file: string;
  /** One that cannot be used is an error. */
  readonly isRequired: boolean;
  /** The private key; undefined if there is only the public half, for a key in an SSH agent. */
  readonly privateKey?: string | undefined;
  readonly isEncrypted: boolean;
  /** As SSH sends it; undefined if only decrypting the private key would tell. */
  readonly publicKey?: Buffer | undefined;
  /** Why the private key must not be used, in OpenSSH's words. */
  readonly permissionProblem?: string | undefined;
}

/** A key in an SSH agent. */
export interface AgentKey {
  readonly publicKey: Buffer;
  readonly comment: string;
}

/** A key to offer a host. */
export type Identity =
  | { readonly kind: 'agent'; readonly name: string; readonly publicKey: Buffer }
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly privateKey: string;
      readonly isRequired: boolean;
      readonly isEncrypted: boolean;
      readonly publicKey?: Buffer | undefined;
    };

interface ReadOptions {
  readonly signal: AbortSignal;
  readonly log?: Log | undefined;
}

/**
 * Reads the identity files of a destination.
 * @throws TunnelError `bad-identity` for a required one without a key
 */
export async function readIdentityFiles(
  destination: ResolvedDestination,
  { signal, log }: ReadOptions,
): Promise<IdentityFile[]> {
  const { identityFiles, requiredIdentityFiles, defaultIdentityFiles } = destination;
  const host = formatDestination(destination);
  const names = new Set([...identityFiles, ...requiredIdentityFiles, ...defaultIdentityFiles]);
  const files = await Promise.all(
    [...names].map(async (file) => {
      const isRequired = requiredIdentityFiles.includes(file);
      try {
        return await readKeyFile(file, { host, isRequired, signal });
      } catch (error) {
        if (isRequired || !(error instanceof TunnelError)) throw error;
        log?.('debug', error.message);
        return undefined;
      }
    }),
  );
  return files.filter((file) => file !== undefined);
}

/** The error for a key file that cannot be used. */
export function badIdentity(host: string, file: string, problem: string, cause?: unknown): TunnelError {
  return new TunnelError(
    'bad-identity',
    host,
    `Could not use the identity ${file} for ${host}: ${problem}.`,
    { file, cause },
  );
}

async function readKeyFile(
  file: string,
  {
    host,
    isRequired,
    signal,
  }: { readonly host: string; readonly isRequired: boolean; readonly signal: AbortSignal },
): Promise<IdentityFile> {
  const beside = await readTextIfPossible(`${file}.pub`, { maxBytes: MAX_KEY_BYTES, signal });
  const publicHalf = beside === undefined ? undefined : readPublicKeyFile(beside);
  let text: string;
  let permissionProblem: string | undefined;
  try {
    const { content, stats } = await readWithoutBlocking(file, { maxBytes: MAX_KEY_BYTES, signal });
    permissionProblem = permissionProblemOf(file, stats);
    text = content.toString('utf8');
  } catch (error) {
    signal.throwIfAborted();
    if (publicHalf) return { file, isRequired, isEncrypted: false, publicKey: publicHalf };

    throw badIdentity(host, file, whyUnreadable(error), error);
  }
  const key = inspectPrivateKey(text);
  const publicKey = key?.publicKey ?? (key ? publicHalf : readPublicKeyFile(text));
  const lacking = identityNeedsOpenSsh(text, []);
  if (lacking !== undefined && key) {
    throw badIdentity(host, file, `it is ${lacking}, which only OpenSSH can use; add it to an SSH agent`);
  }
  if (!key && !publicKey) {
    const isPutty = text.startsWith('PuTTY-User-Key-File-');
    const convert = `it is a PuTTY key; convert it with "puttygen ${file} -O private-openssh -o FILE"`;
    throw badIdentity(host, file, isPutty ? convert : 'it contains no private key');
  }
  // The SSH agent may have the key all the same.
  if (key && permissionProblem !== undefined) {
    return { file, isRequired, isEncrypted: false, permissionProblem, publicKey };
  }
  return {
    file,
    isRequired,
    isEncrypted: key?.isEncrypted ?? false,
    privateKey: key && text,
    publicKey,
  };
}

function whyUnreadable(error: unknown): string {
  if (error instanceof UnreadableFile) return error.message;
  return `it cannot be read (${errorCode(error) ?? error})`;
}
