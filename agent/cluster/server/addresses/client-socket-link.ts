import { once } from 'node:events';
import { lstat, mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { AgentError } from '../../../errors.js';
import { checkFolderOwner } from '../../../prefix/check-folder-owner.js';

/**
 * The path at which clients on this machine, and those that come through SSH, find a server's unix socket. It is a
 * link, because etcd 3.4 requires a special name in its working directory, which `ssh -L` cannot dial. The socket itself
 * is in a directory that only its owner can enter, so the link gives access to nobody else.
 */
export class ClientSocketLink {
  readonly #path: string;
  readonly #target: string;

  constructor(linkPath: string, target: string) {
    this.#path = linkPath;
    this.#target = target;
  }

  /**
   * Creates the link, replacing a dangling one, and its directory, mode 0700.
   *
   * @throws AgentError `in-use` if another server is behind it; `unsafe` if other users could replace it; `invalid`
   * if the path is not a socket, or the link cannot be created.
   */
  async make(): Promise<void> {
    const folder = path.dirname(this.#path);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      checkFolderOwner(folder, { canBeShared: true });
      if (await this.#isThere()) return;
      const draft = `${this.#path}.${process.pid}`;
      await rm(draft, { force: true });
      await symlink(this.#target, draft);
      await rename(draft, this.#path);
    } catch (error) {
      if (error instanceof AgentError) throw error;
      const message = `Cannot put the socket for clients at ${this.#path}: ${(error as Error).message}. Choose another path with --client-urls unix:///…, or run as a user who may.`;
      throw new AgentError('invalid', message, { cause: error });
    }
  }

  /** Removes it if it still points to this server. */
  async remove(): Promise<void> {
    const target = await readlink(this.#path).catch(() => undefined); // missing, or not a link
    if (target === this.#target) await rm(this.#path, { force: true });
  }

  /** Whether the link exists already. @throws AgentError if something else must not be replaced */
  async #isThere(): Promise<boolean> {
    const found = await lstat(this.#path).catch(() => undefined); // nothing exists there
    if (found === undefined) return false;
    if (found.isSymbolicLink() && (await readlink(this.#path)) === this.#target) return true;
    if (!found.isSymbolicLink() && !found.isSocket())
      throw new AgentError(
        'invalid',
        `${this.#path} is not a socket: choose another path with --client-urls.`,
      );
    if (found.uid === process.geteuid?.() && !(await isAnswered(this.#path))) return false;
    const message = `Another server is at ${this.#path}: stop it, or choose another path with --client-urls unix:///….`;
    throw new AgentError('in-use', message);
  }
}

async function isAnswered(socketPath: string): Promise<boolean> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // nothing listens there
  } finally {
    socket.destroy();
  }
}
