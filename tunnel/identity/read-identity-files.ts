import type { Log } from '../../base/log.js';
import { TunnelError } from '../errors.js';
import { shellWord } from '../exec/shell-command.js';
import { readTextIfPossible, readWithoutBlocking, UnreadableFile } from '../files/read-without-blocking.js';
import { errorCode } from '../files/system-error-code.js';
import {
  identityNeedsOpenSsh,
  inspectPrivateKey,
  MAX_KEY_BYTES,
  readPublicKeyFile,
} from '../key-formats/inspect-key-file.js';
import { fingerprintOf } from '../key-formats/parse-public-key.js';
import { formatDestination } from '../parse-destination.js';
import type { ResolvedDestination } from '../ssh-config/resolved-destination.js';

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

/**
 * What to offer, in OpenSSH's order: the SSH agent's keys that files name too, its other keys, then the rest of the files.
 *
 * @param canAsk whether a passphrase can be asked for
 * @throws TunnelError `bad-identity` for a required file that cannot be used
 */
export function orderIdentities(
  files: readonly IdentityFile[],
  agentKeys: readonly AgentKey[],
  {
    destination,
    canAsk,
    log,
  }: { readonly destination: ResolvedDestination; readonly canAsk: boolean; readonly log?: Log | undefined },
): Identity[] {
  const fileOf = ({ publicKey }: AgentKey) => files.find((one) => one.publicKey?.equals(publicKey));
  const named = agentKeys.filter((key) => fileOf(key) !== undefined);
  const others = destination.identitiesOnly ? [] : agentKeys.filter((key) => fileOf(key) === undefined);
  const fromAgent = [...named, ...others].map((key): Identity => {
    const name = fileOf(key)?.file ?? `${key.comment || fingerprintOf(key.publicKey)} (agent)`;
    return { kind: 'agent', name, publicKey: key.publicKey };
  });
  const rest = files.filter((file) => !named.some(({ publicKey }) => file.publicKey?.equals(publicKey)));
  return [
    ...fromAgent,
    ...rest.flatMap((file): Identity[] => {
      const { privateKey, isEncrypted } = file;
      if (privateKey !== undefined && !(isEncrypted && !canAsk)) {
        return [{ ...file, kind: 'file', name: file.file, privateKey }];
      }
      const problem = isEncrypted
        ? `it is encrypted; add it to an SSH agent with "ssh-add ${file.file}"`
        : 'it is a public key, and no SSH agent holds its private half';
      const error = badIdentity(formatDestination(destination), file.file, file.permissionProblem ?? problem);
      if (file.isRequired) throw error;
      log?.(file.permissionProblem === undefined ? 'debug' : 'warn', error.message);
      return [];
    }),
  ];
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

/**
 * Why a private key must not be used: others can read this user's own key. As with OpenSSH, another user's key is theirs to
 * guard.
 */
export function permissionProblemOf(
  file: string,
  { uid, mode }: { readonly uid: number; readonly mode: number },
  ourUid = process.getuid?.(),
): string | undefined {
  if (uid !== ourUid || (mode & 0o077) === 0) return undefined;
  return tooOpenMessage(file, `0${(mode & 0o777).toString(8).padStart(3, '0')}`);
}

/** OpenSSH's message, and what to do. */
export function tooOpenMessage(file: string, permissions: string): string {
  return `Permissions ${permissions} for '${file}' are too open. It is required that your private key files are NOT accessible by others: run chmod 600 ${shellWord(file)}`;
}

function whyUnreadable(error: unknown): string {
  if (error instanceof UnreadableFile) return error.message;
  return `it cannot be read (${errorCode(error) ?? error})`;
}
