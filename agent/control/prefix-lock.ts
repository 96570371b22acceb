import { once } from 'node:events';
import { chmod, stat } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Log } from '../../world/internal.js';
import { AgentError } from '../errors.js';
import { prefixInstanceId } from '../prefix/prefix-instance-id.js';
import { ControlClient } from './control-client.js';
import { type ControlHandlers, controlServer } from './control-server.js';
import { listenExclusively } from './listen-exclusively.js';
import { CONTROL_SOCKET, type SocketPath, shortSocketPath } from './short-socket-path.js';

const HOLDER_TIMEOUT_MS = 1_000;

export interface PrefixLockOptions extends ControlHandlers {
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The unix socket `agent.sock` in an agent's prefix, held while the agent runs: the lock of the prefix, and the
 * connection for `hawser members recover`. Only the agent's own user can connect.
 */
export class PrefixLock implements AsyncDisposable {
  readonly #server: Server;
  readonly #path: SocketPath;
  readonly #closing: AbortController;
  #closed: Promise<void> | undefined;

  /**
   * Locks the prefix, which is created if necessary, with mode 0700.
   *
   * @throws AgentError `in-use` if an agent runs on this prefix, naming its pid and hostname; `invalid` if the prefix
   * cannot be written.
   */
  static async open(prefix: string, options: PrefixLockOptions): Promise<PrefixLock> {
    const secret = await prefixInstanceId(prefix);
    // Apps that run as another user pass through it.
    if (((await stat(prefix)).mode & 0o777) !== 0o711) await chmod(prefix, 0o700);
    const closing = new AbortController();
    const server = controlServer(options, options.log, closing.signal);
    const path = await shortSocketPath(prefix, CONTROL_SOCKET);
    try {
      const signal = options.signal ?? closing.signal;
      if (!(await listenExclusively(server, path.path, { secret, signal })))
        throw await inUse(prefix, path.path);
      await chmod(path.path, 0o600);
    } catch (error) {
      server.close();
      await path[Symbol.asyncDispose]();
      throw error;
    }
    return new PrefixLock(server, path, closing);
  }

  private constructor(server: Server, path: SocketPath, closing: AbortController) {
    this.#server = server;
    this.#path = path;
    this.#closing = closing;
  }

  /** Aborts the current request, removes the socket and releases the prefix; idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort(new AgentError('server-failed', 'The agent is shutting down.'));
    const closed = once(this.#server, 'close');
    // This also removes the file, so the directory's descriptor closes last.
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
    await this.#path[Symbol.asyncDispose]();
  }
}

async function inUse(prefix: string, path: string): Promise<AgentError> {
  const holder = await new ControlClient(path).state({ timeoutMs: HOLDER_TIMEOUT_MS }).then(
    ({ pid, hostname }) => `pid ${pid}, hostname ${hostname}`,
    () => 'it does not answer',
  );
  return new AgentError(
    'in-use',
    `An agent already runs on the prefix ${prefix} (${holder}): stop it, or choose another --prefix.`,
  );
}
