import { once } from 'node:events';
import { connect } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { CliError } from '../errors.js';
import { BRIDGED_SOCKET, GREETING } from './bridge-command.js';

/** @throws CliError `usage` for any socket but that of the host's etcd */
export function requireBridgedSocket(socketPath: string): void {
  if (socketPath === BRIDGED_SOCKET) return;
  throw new CliError('usage', `A bridge leads to ${BRIDGED_SOCKET} and nowhere else.`);
}

/**
 * Connects to a socket of this host, says so in one line, and copies both ways until the socket closes. The end of the input is
 * passed on.
 *
 * @throws CliError `unreachable` where nobody answers at it
 */
export async function copyToSocket(
  socketPath: string,
  { input, output }: { readonly input: Readable; readonly output: Writable },
): Promise<void> {
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  try {
    await once(socket, 'connect');
  } catch (error) {
    throw new CliError('unreachable', whyNot(socketPath, error as NodeJS.ErrnoException), { cause: error });
  }
  // `close` follows; whoever is at the other end sees that the stream ends.
  socket.on('error', () => undefined);
  input.on('error', () => socket.destroy());
  output.write(`${GREETING}\n`);
  input.pipe(socket);
  socket.pipe(output, { end: false });
  await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  await new Promise<void>((resolve) => output.write('', () => resolve()));
  socket.destroy();
  input.destroy();
}

function whyNot(socketPath: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return `There is no socket ${socketPath}: no etcd runs on this host.`;
  if (code === 'ECONNREFUSED') return `Nothing listens at ${socketPath}: etcd does not run on this host now.`;
  if (code === 'EACCES')
    return `This user may not use ${socketPath}: only root and the group hawser of this host may.`;
  return `Cannot connect to ${socketPath}: ${message}.`;
}
