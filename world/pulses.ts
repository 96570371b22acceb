import type { Client } from './client/client.js';
import type { WatchRequest } from './client/watch.js';
import type { WatchOptions } from './world.js';

/**
 * Yields once when the watch stands and then once for each burst of changes: what happens while the caller is busy
 * comes as one pulse, so that a slow caller reads the newest state instead of falling behind.
 */
export async function* pulses(
  client: Client,
  request: WatchRequest,
  options: WatchOptions = {},
): AsyncGenerator<void> {
  const items = client.watch(request, options);
  let failure: { readonly error: unknown } | undefined;
  let pending = false;
  let ended = false;
  let wake = (): void => undefined;
  const reading = (async () => {
    try {
      for await (const _ of items) {
        pending = true;
        wake();
      }
    } catch (error) {
      failure = { error };
    }
    ended = true;
    wake();
  })();
  try {
    for (;;) {
      if (!pending && !ended) await new Promise<void>((resolve) => (wake = resolve));
      if (failure !== undefined) throw failure.error;
      if (!pending || options.signal?.aborted === true) return;
      pending = false;
      yield;
    }
  } finally {
    await items.return?.();
    await reading;
  }
}
