import type { Client } from './client/client.js';
import type { WatchRequest } from './client/watch.js';
import type { WatchOptions } from './world.js';

/**
 * Yields once when the watch stands and then once for each burst of changes: what happens while the caller is busy
 * comes as one pulse, so that a slow caller reads the newest state instead of falling behind.
 */
export function pulses(
  client: Client,
  request: WatchRequest,
  options?: WatchOptions,
): AsyncIterableIterator<void, undefined> {
  return client.pulses(request, options);
}
