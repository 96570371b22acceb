import type { Client } from './client/client.js';
import { leavable } from './client/leavable.js';
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
  return leavable((left) => pulse(client.watch(request, options), left));
}

async function* pulse(
  items: AsyncIterableIterator<unknown>,
  left: AbortSignal,
): AsyncGenerator<void, undefined> {
  let pending = false;
  let ended = false;
  let wake = (): void => undefined;
  const leave = (): Promise<unknown> | undefined => items.return?.();
  const reading = (async () => {
    for await (const _ of items) {
      pending = true;
      wake();
    }
  })().finally(() => {
    ended = true;
    wake();
  });
  // Whoever reads the pulses gets the failure, when it comes to it.
  reading.catch(() => undefined);
  left.addEventListener('abort', () => void leave(), { once: true });
  try {
    for (;;) {
      if (!pending && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (ended) return await reading.then(() => undefined);
      pending = false;
      yield;
    }
  } finally {
    await leave();
    await reading.catch(() => undefined);
  }
}
