import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';

/** The name of an agent's socket in its prefix. */
export const CONTROL_SOCKET = 'agent.sock';

/** The longest path that fits into `sun_path` with its final zero, in bytes (unix(7)). */
export const MAX_SOCKET_PATH_BYTES = 107;

/** A unix socket path that the kernel accepts, however deep its directory is. */
export interface SocketPath extends AsyncDisposable {
  readonly path: string;
}

/**
 * A path to a socket in a directory, for `bind` and `connect`: the plain path if it is short enough, else one through an
 * open descriptor of the directory, valid until this is disposed.
 */
export async function shortSocketPath(folder: string, name: string): Promise<SocketPath> {
  const plain = path.join(folder, name);
  if (Buffer.byteLength(plain) <= MAX_SOCKET_PATH_BYTES)
    return { path: plain, [Symbol.asyncDispose]: async () => {} };
  const handle: FileHandle = await open(folder, 'r');
  return {
    path: `/proc/self/fd/${handle.fd}/${name}`,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}
