import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { AgentError } from '../errors.js';
import { checkFolderOwner } from './check-folder-owner.js';

/**
 * Creates the prefix, for its owner only, if it does not exist.
 *
 * @throws AgentError `invalid` naming the directory and why it cannot be written; `unsafe` if another user owns it or
 * could replace it.
 */
export function checkPrefix(prefix: string): void {
  try {
    makeFolder(prefix);
    checkFolderOwner(prefix);
    accessSync(prefix, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const why = ERRNO_MEANINGS[code] ?? message;
    throw new AgentError(
      'invalid',
      `Cannot write to the prefix ${prefix}: ${why}. Choose another with --prefix, or run as a user with permission.`,
      { cause: error },
    );
  }
}

/** Node's recursive mkdir never returns where a parent exists and takes no directories, such as in /proc. */
function makeFolder(folder: string): void {
  const parent = path.dirname(folder);
  if (!existsSync(parent)) makeFolder(parent);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) mkdirSync(folder, { mode: 0o700 });
}

const ERRNO_MEANINGS: Partial<Record<string, string>> = {
  EACCES: 'permission denied (EACCES)',
  EPERM: 'not permitted (EPERM)',
  EROFS: 'its file system is read-only (EROFS)',
  ENOTDIR: 'part of the path is a file (ENOTDIR)',
  EEXIST: 'it is a file (EEXIST)',
  ENOENT: 'a directory cannot be created there (ENOENT)',
  ENOSPC: 'its file system is full (ENOSPC)',
};
