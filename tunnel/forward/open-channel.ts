import type { Duplex } from 'node:stream';
import type { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import { TunnelError } from '../errors.js';
import { formatDestination } from '../parse-destination.js';
import type { PausableTimeout } from '../pausable-timeout.js';
import type { ForwardTarget } from './forward-target.js';
import { openTarget } from './open-target.js';

/**
 * Opens a channel as soon as there is a connection. Retries on the next link if one is lost: nothing was sent yet. An abort
 * rejects with `signal.reason`.
 *
 * @throws TunnelError as {@link openTarget}, or why there will be no connection
 */
export async function openChannel(
  connection: ReconnectingConnection,
  target: ForwardTarget,
  signal: AbortSignal,
  timeLimit?: PausableTimeout,
): Promise<Duplex> {
  let link = await connection.link({ signal });
  for (;;) {
    try {
      const host = formatDestination(connection.via);
      return await openTarget(link, target, { signal, host, timeLimit });
    } catch (error) {
      if (!(error instanceof TunnelError) || error.code !== 'closed') throw error;
      link = await connection.link({ signal, after: link });
    }
  }
}
