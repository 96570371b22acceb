import type { Client, ClientChannel } from 'ssh2';
import { WARM_UP_COMMAND } from '../link-sessions.js';

/** Runs the warm-up session; resolves when it is over or was refused, with whether there was one. */
export function runWarmUp(client: Client): Promise<boolean> {
  return new Promise((resolve) => {
    const opened = (error: Error | undefined, channel: ClientChannel) => {
      if (error) return resolve(false);
      channel.on('error', () => undefined); // its close says enough
      channel.once('close', () => resolve(true));
      channel.resume();
      channel.stderr.resume();
    };
    try {
      client.exec(WARM_UP_COMMAND, opened);
    } catch {
      // The connection is already gone, as its close event says.
      resolve(false);
    }
  });
}
