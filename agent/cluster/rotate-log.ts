import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { openToChange } from '../own-file.js';

/** How large a log grows before it is put aside. */
export const maxLogBytes = 10 * 1024 * 1024;

/** How many old logs of etcd are kept: `etcd.log.1` is the youngest. */
export const keptLogs = 3;

const pieceBytes = 1024 * 1024;

export interface RotateOptions {
  /** A program writes it. */
  readonly live: boolean;
  readonly maxBytes?: number;
  /** How many old ones stay. */
  readonly kept?: number;
}

/**
 * Puts a log file aside when it has grown to `maxBytes`. While a program writes it (`live`) its end is copied and the file
 * emptied: the program goes on at the start of the file, because it appends, and what it writes within that moment is
 * lost. Otherwise it is renamed. When the disk is too full for a copy it stays as it is. Links are not followed.
 *
 * @returns whether it was put aside
 */
export async function rotateLog(
  file: string,
  { live, maxBytes = maxLogBytes, kept = keptLogs }: RotateOptions,
): Promise<boolean> {
  const found = await lstat(file).catch(ignoreAbsent);
  if (found === undefined || found.size < maxBytes) return false;
  if (!live) {
    await age(file, kept);
    await rename(file, `${file}.1`);
    return true;
  }
  await using log = await openToChange(file);
  const aside = `${file}.new`;
  await rm(aside, { force: true });
  try {
    await copyEnd(log, aside, maxBytes);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await log.truncate();
  await age(file, kept);
  await rename(aside, `${file}.1`);
  return true;
}

/** Empties a log without keeping anything of it. */
export async function emptyLog(file: string): Promise<void> {
  await using log = await openToChange(file);
  await log.truncate();
}

/** Makes room for a new `.1`. */
async function age(file: string, kept: number): Promise<void> {
  await rm(`${file}.${kept}`, { force: true });
  for (let number = kept - 1; number >= 1; number -= 1)
    await rename(`${file}.${number}`, `${file}.${number + 1}`).catch(ignoreAbsent);
}

/** Copies a log, of one that grew much too large only the end, and what is written meanwhile, up to `maxBytes`. */
async function copyEnd(log: FileHandle, aside: string, maxBytes: number): Promise<void> {
  await using copy = await open(aside, 'wx', 0o600);
  const { size } = await log.stat();
  const piece = Buffer.alloc(pieceBytes);
  for (let position = Math.max(0, size - Math.max(2 * maxBytes, pieceBytes)); position < size + maxBytes; ) {
    const { bytesRead } = await log.read(piece, 0, piece.length, position);
    if (bytesRead === 0) return;
    await copy.writeFile(piece.subarray(0, bytesRead));
    position += bytesRead;
  }
}

function ignoreAbsent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}
