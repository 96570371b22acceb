import type { Socket } from 'node:net';

/**
 * Ends a connection with a reset. Node 20 cannot reset one that it is just shutting down, and then neither closes it
 * nor lets the process exit: that one is only destroyed.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
