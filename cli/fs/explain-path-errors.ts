import { FsError, type FsErrorCode } from '../../world/fs/fs-error.js';
import type { WorldFs } from '../../world/fs/world-fs.js';
import { CliError } from '../errors.js';

const SENTENCES: Partial<Record<FsErrorCode, string>> = {
  ENOENT: 'There is no PATH',
  ENOTDIR: 'PATH is not a directory, or is below something that is not',
  EISDIR: 'PATH is a directory',
  ERR_FS_EISDIR: 'PATH is a directory: pass -r to delete it and everything in it',
  EEXIST: 'PATH already exists',
  ELOOP: 'The symbolic links at PATH form a loop',
  ENAMETOOLONG: 'PATH has a name of more than 255 bytes',
  EROFS: 'PATH is read-only: it belongs to a deploy',
};

/** Runs the work of a command and explains errors about paths. @throws CliError */
export async function explainPathErrors<T>(fs: WorldFs, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explained(error, fs) ?? error;
  }
}

function explained(error: unknown, fs: WorldFs): CliError | undefined {
  if (error instanceof FsError) {
    const said = SENTENCES[error.code]?.replace('PATH', error.path ?? 'that');
    const message = said === undefined ? error.message : `${said} in ${fs.uri} (${error.code}).`;
    return new CliError(error.code, message, { cause: error });
  }
  return localPathError(error);
}

/** An error of the system about a path on this machine, as a sentence; undefined for any other error. */
export function localPathError(error: unknown): CliError | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  const { code } = error;
  if (!isSystemCode(code)) return undefined;
  const at = 'path' in error ? String(error.path) : undefined;
  return new CliError(code, `${onThisMachine(code, at)} (${code}).`, { cause: error });
}

function isSystemCode(code: unknown): code is `E${string}` {
  return typeof code === 'string' && code.startsWith('E');
}

/** @param at undefined where an open file failed, of which the system does not tell the path */
function onThisMachine(code: string, at: string | undefined): string {
  if (code === 'ENOENT') return `There is no ${at ?? 'such file'} on this machine`;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return at === undefined ? 'The disk is full' : `The disk is full: no room for ${at}`;
  }
  return `Could not use ${at ?? 'a file'} on this machine`;
}
