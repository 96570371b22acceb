import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * Opens a log file to append to it, made 0600 where it is not there. A link is not followed, and nothing but a
 * regular file is written to: who can make one in the folder cannot choose what the agent writes to.
 *
 * @throws the errno error; ELOOP for a link
 */
export async function openLog(file: string): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  // Without blocking, since the opening of a pipe that nobody reads would.
  const handle = await open(file, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0o600);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw Object.assign(new Error(`${file} is no regular file`), { code: 'EINVAL', path: file });
}
