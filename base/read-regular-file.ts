import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/**
 * Reads a file synchronously. Refuses anything that could block the reader, such as a pipe without a writer, because the
 * process could not handle signals meanwhile.
 *
 * @throws file system errors; `code` `ENOTREG` for anything but a file or a directory
 */
export function readRegularFile(file: string): Buffer {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = fstatSync(fd);
    if (stats.isFile() || stats.isDirectory()) return readFileSync(fd);
    throw Object.assign(new Error('it is not a regular file'), { code: 'ENOTREG' });
  } finally {
    closeSync(fd);
  }
}
