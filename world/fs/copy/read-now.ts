import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** So much is read at once: handing it to another thread takes longer. */
export const SMALL_BYTES = 64 << 10;

/**
 * Reads up to `length` bytes of a file at once, but never through a symbolic link or from a device that took its place.
 * @returns undefined where no file is; fewer bytes where the file ends
 */
export function readNow(at: string | Buffer, length: number, position: number): Buffer | undefined {
  const file = openSync(at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) return undefined;
    const data = Buffer.allocUnsafe(length);
    let read = 0;
    for (let more = 1; more > 0 && read < length; read += more)
      more = readSync(file, data, read, length - read, position + read);
    return data.subarray(0, read);
  } finally {
    closeSync(file);
  }
}
