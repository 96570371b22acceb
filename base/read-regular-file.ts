import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/**
 * Reads a file at once. What may keep its reader waiting, as a pipe that nobody writes to, is refused: meanwhile no
 * signal would be heard.
 *
 * @throws errors of the file system, with `code` `ENOTREG` for what is neither a file nor a folder
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
