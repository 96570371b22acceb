import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { AgentError } from '../errors.js';

const RETRY_MS = 20;
const WAIT_LIMIT_MS = 10_000;

/**
 * Listens on a socket path that at most one running process holds, and takes over what a killed process left there.
 *
 * A socket file alone cannot be taken over safely: if two processes find it dead, the second would remove what the
 * first has just created. So a process that checks and binds first holds a guard: a socket in Linux's abstract
 * namespace, which the kernel gives to one process and frees when that dies (unix(7)). Its name is derived from
 * `secret`, so nobody else can occupy it.
 *
 * @throws AgentError `in-use` if another starting process holds the guard for ten seconds.
 * @returns false if a running process holds the path.
 */
export async function listenExclusively(
  server: Server,
  path: string,
  { secret, signal }: { readonly secret: string; readonly signal: AbortSignal },
): Promise<boolean> {
  const guard = await acquireGuard(secret, signal);
  try {
    if (await isAnswered(path)) return false;
    await rm(path, { force: true });
    await listen(server, path);
    return true;
  } finally {
    guard.close();
    await once(guard, 'close');
  }
}

async function acquireGuard(secret: string, signal: AbortSignal): Promise<Server> {
  const name = `\0hawser-${createHash('sha256').update(secret).digest('hex').slice(0, 32)}`;
  const until = performance.now() + WAIT_LIMIT_MS;
  for (;;) {
    signal.throwIfAborted();
    const guard = createServer((socket) => socket.destroy());
    try {
      await listen(guard, name);
      return guard;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      if (performance.now() > until) throw hungError(error);
    }
    await delay(RETRY_MS, undefined, { signal });
  }
}

function hungError(cause: unknown): AgentError {
  const message =
    'Another agent has been starting on this prefix for 10 s without finishing: check whether it is hung.';
  return new AgentError('in-use', message, { cause });
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path);
  await once(server, 'listening');
}

/** Whether a process listens: a frozen one does too, it just does not answer. */
async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ECONNREFUSED'].includes(code)) return false;
    // A frozen holder with a full queue.
    if (code === 'EAGAIN') return true;
    throw error;
  } finally {
    socket.destroy();
  }
}
