import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { onAbort } from '../../../base/abort.js';
import type { ChannelTarget } from '../../forward/forward-target.js';
import type { Destination } from '../../parse-destination.js';
import type { ReceiveWindows } from './internals/widen-receive-windows.js';
import { translateChannelError } from './translate-link-error.js';

export interface Ssh2ChannelOptions {
  readonly destination: Destination;
  /** The link's, shared by all of its channels. */
  readonly windows: ReceiveWindows;
  readonly signal: AbortSignal;
}

/** Opens a channel to a target; errors are those of `Link.openChannel`. */
export async function openSsh2Channel(
  client: Client,
  target: ChannelTarget,
  { destination, windows, signal }: Ssh2ChannelOptions,
): Promise<Duplex> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const unlisten = onAbort([signal], () => reject(signal.reason));
    const opened = (error: Error | undefined, channel: ClientChannel) => {
      unlisten();
      if (error) reject(translateChannelError(error, destination, target));
      else if (signal.aborted) discard(channel);
      else {
        windows.follow(channel);
        resolve(channel);
      }
    };
    try {
      if ('socketPath' in target) client.openssh_forwardOutStreamLocal(target.socketPath, opened);
      else client.forwardOut('127.0.0.1', 0, target.host, target.port, opened);
    } catch (error) {
      // ssh2 throws when the connection is already gone.
      unlisten();
      const cause = error instanceof Error ? error : new Error(String(error));
      reject(translateChannelError(cause, destination, target));
    }
  });
}

/** Closes a channel that nobody reads: unread data would keep it open. */
function discard(channel: ClientChannel): void {
  channel.on('error', ignoreLateError);
  channel.resume();
  channel.close();
}

/** A channel that was closed here may still fail, which concerns nobody. */
function ignoreLateError(): void {}
