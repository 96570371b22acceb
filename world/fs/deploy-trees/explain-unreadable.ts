import { WorldError } from '../../errors.js';

/** What the kernel says of something in a directory that is read, for people; any other error as it is. */
export function explainUnreadable(error: unknown): unknown {
  const { code, path: file } = error as NodeJS.ErrnoException;
  if (error instanceof WorldError || file === undefined) return error;
  if (code === 'EACCES' || code === 'EPERM') {
    const message = `Cannot read ${file}: this user may not. Make it readable, or leave it out ("exclude" in hawser.yaml, or .hawserignore).`;
    return new WorldError('invalid', message, { cause: error });
  }
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return error;
  const message = `${file} went away while the directory was read: try again when nothing writes to it.`;
  return new WorldError('conflict', message, { cause: error });
}
