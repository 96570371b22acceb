import { type FileHandle, lstat, open, rename, rm, writeFile } from 'node:fs/promises';
import { openPrivateFileToChange } from '../../prefix/open-private-file.js';

/** The size at which a log is rotated. */
export const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** How many old logs of etcd are kept; `etcd.log.1` is the newest. */
const KEPT_LOGS = 3;

const CHUNK_BYTES = 1024 * 1024;

export interface RotateOptions {
  /** A program is writing to it. */
  readonly live: boolean;
  readonly maxBytes?: number;
  /** How many old files to keep. */
  readonly kept?: number;
}

/**
 * Rotates a log file that has grown to `maxBytes`. While a program writes to it (`live`), the file is copied and
 * truncated: the program continues at the start, because it appends, and output in between is lost. Of a file that
 * has grown to twice that size, only the end is kept. Otherwise the file is renamed. If the disk is too full for a
 * copy, the file stays as it is. Links are not followed.
 *
 * @returns whether it was rotated
 */
export async function rotateLog(
  file: string,
  { live, maxBytes = MAX_LOG_BYTES, kept = KEPT_LOGS }: RotateOptions,
): Promise<boolean> {
  const found = await lstat(file).catch(ignoreAbsent);
  if (found === undefined || found.size < maxBytes) return false;
  if (!live) {
    await age(file, kept);
    await rename(file, `${file}.1`);
    return true;
  }
  await using log = await openPrivateFileToChange(file);
  const aside = `${file}.new`;
  await rm(aside, { force: true });
  try {
    if ((await log.stat()).size > 2 * Math.max(maxBytes, CHUNK_BYTES)) await moveEnd(log, aside, maxBytes);
    else await copyAll(log, aside, maxBytes);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await age(file, kept);
  await rename(aside, `${file}.1`);
  return true;
}

/** Truncates a log without keeping anything. */
export async function emptyLog(file: string): Promise<void> {
  await using log = await openPrivateFileToChange(file);
  await log.truncate();
}

/** Shifts the old files to free `.1`. */
async function age(file: string, kept: number): Promise<void> {
  await rm(`${file}.${kept}`, { force: true });
  for (let number = kept - 1; number >= 1; number -= 1)
    await rename(`${file}.${number}`, `${file}.${number + 1}`).catch(ignoreAbsent);
}

/** Truncates a log once all of it is copied, including what is written meanwhile, up to `maxBytes`. */
async function copyAll(log: FileHandle, aside: string, maxBytes: number): Promise<void> {
  await using copy = await open(aside, 'wx', 0o600);
  const { size } = await log.stat();
  const piece = Buffer.alloc(CHUNK_BYTES);
  for (let position = 0; position < size + maxBytes; ) {
    const { bytesRead } = await log.read(piece, 0, piece.length, position);
    if (bytesRead === 0) break;
    await copy.writeFile(piece.subarray(0, bytesRead));
    position += bytesRead;
  }
  await log.truncate();
}

/** For a log that grows too fast: keeps only the end, and truncates before writing that to disk, which takes longer. */
async function moveEnd(log: FileHandle, aside: string, maxBytes: number): Promise<void> {
  const { size } = await log.stat();
  const end = Buffer.alloc(maxBytes);
  const { bytesRead } = await log.read(end, 0, end.length, Math.max(0, size - maxBytes));
  await log.truncate();
  await writeFile(aside, end.subarray(0, bytesRead), { flag: 'wx', mode: 0o600 });
}

function ignoreAbsent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}
