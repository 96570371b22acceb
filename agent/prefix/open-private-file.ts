import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { AgentError } from '../errors.js';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/**
 * Opens a log file to append to, created for its owner only. Links are not followed, and anything but a regular file
 * of this user is refused: another user might redirect the output.
 *
 * @throws AgentError `unsafe`; errors of the file system.
 */
export function openPrivateLog(file: string): Promise<FileHandle> {
  return openPrivateFile(file, O_WRONLY | O_APPEND | O_CREAT);
}

/** Opens such a file to read and change it, as {@link openPrivateLog}. */
export function openPrivateFileToChange(file: string): Promise<FileHandle> {
  return openPrivateFile(file, O_RDWR);
}

/** Opens such a file to read it, as {@link openPrivateLog}. */
export function openPrivateFileToRead(file: string): Promise<FileHandle> {
  return openPrivateFile(file, O_RDONLY);
}

/** Reads such a text file, as {@link openPrivateLog}. */
export async function readPrivateFile(file: string): Promise<string> {
  const handle = await openPrivateFileToRead(file);
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

async function openPrivateFile(file: string, flags: number): Promise<FileHandle> {
  // Opening a pipe would otherwise wait for its other end.
  const handle = await open(file, flags | O_NOFOLLOW | O_NONBLOCK, 0o600).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP') throw refused(file, 'it is a link', error);
    if (code === 'ENXIO') throw refused(file, 'it is not a regular file', error);
    throw error;
  });
  try {
    const { uid, nlink, ...found } = await handle.stat();
    if (!isFile(found.mode)) throw refused(file, 'it is not a regular file');
    if (uid !== process.geteuid?.()) throw refused(file, `it belongs to user ${uid}`);
    if (nlink > 1) throw refused(file, 'it has another hard link');
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function isFile(mode: number): boolean {
  return (mode & constants.S_IFMT) === constants.S_IFREG;
}

function refused(file: string, why: string, cause?: unknown): AgentError {
  const message = `Refused to use ${file}: ${why}, so someone else may have put it there. Inspect it, then remove it.`;
  return new AgentError('unsafe', message, { cause });
}
