import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { EtcdUser } from '../../world/client/login.js';
import { CliError } from '../errors.js';
import { canAsk } from '../prompts/confirm.js';
import { explainFileError } from '../system/explain-file-error.js';
import { expandHome } from '../system/user-folders.js';

/** Passes a password without showing it on the command line. */
export const PASSWORD_VARIABLE = 'HAWSER_PASSWORD';

const MAX_BYTES = 4_096;

/** The flags of commands for an etcd that has authentication switched on. */
export interface UserFlags {
  readonly user?: string;
  readonly passwordFile?: string;
}

/** The etcd user, and where the password is. */
export interface UserConfig {
  readonly name: string;
  /** Wins over the environment where a flag named it. */
  readonly passwordFile?: string;
  readonly isFileFlag: boolean;
}

/**
 * Flags over a config. @throws CliError `usage` for a password in the user's name, or a password file without a user
 */
export function userConfig(
  flags: UserFlags,
  config: { readonly user?: string; readonly passwordFile?: string },
): UserConfig | undefined {
  const name = flags.user ?? config.user;
  const file = flags.passwordFile ?? config.passwordFile;
  if (name === undefined) {
    if (file === undefined) return undefined;
    throw new CliError('usage', `The password file ${file} needs a user: pass --user NAME too.`);
  }
  if (name.includes(':')) {
    throw new CliError(
      'usage',
      `An etcd user name cannot contain a colon. Pass only the name in --user, and set the password with ${PASSWORD_VARIABLE} or --password-file.`,
    );
  }
  return {
    name,
    ...(file === undefined ? {} : { passwordFile: expandHome(file) }),
    isFileFlag: flags.passwordFile !== undefined,
  };
}

/** The user with a password that is read, or asked for, when etcd wants it for the first time. */
export function etcdUser(
  user: UserConfig | undefined,
  { canAsk, signal }: { readonly canAsk: boolean; readonly signal: AbortSignal },
): EtcdUser | undefined {
  return user && { name: user.name, password: () => passwordOf(user, canAsk, signal) };
}

/** Whether this call may ask for the password. */
export function mayAskPassword(flags: { readonly json: boolean }): boolean {
  return canAsk() && !flags.json;
}

async function passwordOf(
  { name, passwordFile, isFileFlag }: UserConfig,
  mayAsk: boolean,
  signal: AbortSignal,
): Promise<string> {
  const given = process.env[PASSWORD_VARIABLE];
  if (passwordFile !== undefined && (isFileFlag || given === undefined)) return readPassword(passwordFile);
  if (given !== undefined) return given;
  if (!mayAsk) {
    throw new CliError(
      'usage',
      `The etcd user ${name} needs a password: set ${PASSWORD_VARIABLE}, or pass --password-file FILE.`,
    );
  }
  const { askInTerminal } = await import('../prompts/ask-ssh-questions.js');
  const text = `Password of the etcd user ${name}:`;
  return (await askInTerminal({ kind: 'password', host: 'etcd', text, echo: false }, { signal })) ?? '';
}

/** @throws CliError `usage` for a file that cannot be read, or that others can read */
async function readPassword(file: string): Promise<string> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = await handle.stat();
    if (!status.isFile()) throw new CliError('usage', `The password file ${file} is not a regular file.`);
    if ((status.mode & 0o077) !== 0) {
      throw new CliError('usage', `Other users can read the password file ${file}: run chmod 600 on it.`);
    }
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead).replace(/\r?\n$/, '');
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('usage', `Cannot read the password file ${file}: ${explainFileError(error)}.`, {
      cause: error,
    });
  }
}
