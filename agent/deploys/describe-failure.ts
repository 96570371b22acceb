import path from 'node:path';
import { WorldError } from '../../world/internal.js';

/** Why a directory of a host takes no files, by the code of the kernel. */
const UNWRITABLE: Readonly<Record<string, string>> = {
  EROFS: 'its file system is read-only',
  EACCES: 'the agent of this host may not write there',
  EPERM: 'the agent of this host may not write there',
  ENOTDIR: 'something on the way to it is not a directory',
};

/** One sentence for the report; a full disk is the most common failure. */
export function describeFailure(error: unknown): string {
  if (error instanceof WorldError) return error.message;
  const { code = '', path: file, syscall } = error as NodeJS.ErrnoException;
  const folder = path.dirname(file ?? 'the releases/x');
  if (code === 'ENOSPC') return `The disk that holds ${folder} is full.`;
  if (code === 'EDQUOT') return `The quota of the disk that holds ${folder} is used up.`;
  const why = UNWRITABLE[code];
  if (why !== undefined && file !== undefined && syscall !== 'spawn')
    return `Cannot write to ${folder}: ${why}.`;
  return `${error instanceof Error ? error.message : String(error)}.`;
}
