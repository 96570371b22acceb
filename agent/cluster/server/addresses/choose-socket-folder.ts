import path from 'node:path';
import { findGroup } from '../../../options/find-group.js';
import { socketPaths } from './server-addresses.js';
import { shareSocketFolder } from './share-socket-folder.js';

/** Who may enter the sockets of a server, and so where they are. */
export interface SocketAccess {
  /** etcd's working directory. Its sockets are in there, because etcd 3.4 takes only relative names. */
  readonly folder: string;
  /** etcd's umask, if not the agent's. */
  readonly umask?: string;
  /** Prepares the directory. @throws AgentError `invalid` for a group that does not exist; `unsafe`, `invalid` for the directory. */
  readonly prepare: () => Promise<void>;
}

/** @param privateFolder a directory that only the agent's user can enter */
export function socketAccess(
  {
    clientUrls,
    socketGroup,
  }: { readonly clientUrls: readonly string[]; readonly socketGroup?: string | undefined },
  privateFolder: string,
): SocketAccess {
  const [socket] = socketPaths(clientUrls);
  if (socketGroup === undefined || socket === undefined)
    return { folder: privateFolder, prepare: async () => undefined };
  const folder = path.dirname(socket);
  return {
    folder,
    umask: '007',
    prepare: async () => shareSocketFolder(folder, { name: socketGroup, gid: await findGroup(socketGroup) }),
  };
}
