import type { Duplex } from 'node:stream';
import type { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import { TunnelError } from '../errors.js';
import type { ForwardTarget } from '../transport/transport.js';

/**
 * Opens a channel as soon as there is a connection. Retries on the next link if one is lost: nothing was sent yet. An abort
 * rejects with `signal.reason`.
 *
 * @throws TunnelError as `Link.openChannel`, or why there will be no connection
 */
export async function openChannel(
  connection: ReconnectingConnection,
  target: ForwardTarget,
  signal: AbortSignal,
): Promise<Duplex> {
  let link = await connection.link({ signal });
  for (;;) {
    try {
      return await link.openChannel(target, { signal });
    } catch (error) {
      if (!(error instanceof TunnelError) || error.code !== 'closed') throw error;
      link = await connection.link({ signal, after: link });
    }
  }
}
