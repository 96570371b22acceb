import { constants } from 'node:fs';
import { type FileHandle, lstat, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { timeLimit } from '../../base/abort.js';
import { readWithoutBlocking } from '../../tunnel/files/read-without-blocking.js';
import { CliError } from '../errors.js';
import { explainFileError } from '../system/explain-file-error.js';
import { isOursOrRoots } from '../system/is-our-file.js';

/** More than any configuration needs; a file in somebody's directory must not fill our memory. */
const MAX_BYTES = 1_048_576;
const DEFAULT_TIMEOUT_MS = 10_000;

/** A file, read once, so that what is checked is what is used. */
export interface ConfigText {
  readonly file: string;
  readonly content: Buffer;
  /** Who owns the file, and the link that led to it if one did. */
  readonly owners: readonly number[];
  /** Whether every local user may write to it. */
  readonly isOpenToAll: boolean;
}

/**
 * Reads a regular file of at most 1 MiB, so that a pipe cannot block us and a device cannot fill our memory. Undefined
 * when there is none.
 *
 * @throws CliError `usage` when it cannot be read, or is not such a file.
 */
export async function readConfigFile(file: string): Promise<ConfigText | undefined> {
  try {
    const link = await lstat(file);
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const status = await handle.stat();
    if (!status.isFile()) throw new CliError('usage', `Cannot read ${file}: it is not a regular file.`);
    return {
      file,
      content: await readAll(handle, file),
      owners: [...new Set([status.uid, link.uid])],
      isOpenToAll: (status.mode & constants.S_IWOTH) !== 0,
    };
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    // Only a missing file continues a search: an unreadable one is reported.
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new CliError('usage', `Cannot read ${file}: ${explainFileError(error)}.`, { cause: error });
  }
}

/** Whether another user could have written a file of the person's own, or put it in its directory. */
export async function couldOthersWrite({ file, owners, isOpenToAll }: ConfigText): Promise<boolean> {
  const folder = await stat(path.dirname(file));
  const isFolderOpen = (folder.mode & constants.S_IWOTH) !== 0;
  return isOpenToAll || isFolderOpen || ![...owners, folder.uid].every(isOursOrRoots);
}

/** How long to wait for the writer of a pipe. */
export interface ReadLimits {
  /** In milliseconds; default 10,000. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a file that the person named; it may be a pipe. An abort rejects with `signal.reason`.
 * @throws CliError `usage` when it cannot be read in time.
 */
export async function readNamedFile(
  file: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: ReadLimits = {},
): Promise<Buffer> {
  const limit = timeLimit(timeoutMs);
  const ends = signal === undefined ? limit : AbortSignal.any([limit, signal]);
  try {
    return (await readWithoutBlocking(file, { maxBytes: MAX_BYTES, mayBePipe: true, signal: ends })).content;
  } catch (error) {
    signal?.throwIfAborted();
    if (ends.aborted) {
      throw new CliError('usage', `Cannot read ${file}: reading it timed out.`, {
        cause: error,
      });
    }
    throw new CliError('usage', `Cannot read ${file}: ${explainFileError(error)}.`, { cause: error });
  }
}

async function readAll(handle: FileHandle, file: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of handle.createReadStream({ autoClose: false })) {
    sizeBytes += part.length;
    if (sizeBytes > MAX_BYTES) throw new CliError('usage', `Cannot read ${file}: it is larger than 1 MiB.`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
