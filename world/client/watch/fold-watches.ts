import { onAbort } from '../../../base/abort.js';
import { cancellableIterator } from '../../../base/cancellable-iterator.js';
import { Notify } from '../../../base/notify.js';
import type { WatchOptions } from '../../call-options.js';
import { WorldError } from '../../errors.js';
import type { Client } from '../client.js';
import type { WatchRequest } from './iterate-watch.js';
import type { WatchItem } from './watch-item.js';

/** The state that a reader accumulates from several watches. */
export interface Fold<T> {
  /**
   * Applies the next item of the watch with this index.
   * @param signal aborts when the reader is done.
   * @returns whether there is a new value to yield.
   */
  apply(item: WatchItem, index: number, signal: AbortSignal): boolean | Promise<boolean>;
  value(): T;
}

/**
 * Reads watches as fast as they deliver and yields the folded value as fast as the caller takes it: changes while the
 * caller is busy are combined, so that a slow caller sees the newest value instead of falling behind.
 */
export function foldWatches<T>(
  client: Client,
  requests: readonly WatchRequest[],
  options: WatchOptions = {},
  fold: Fold<T>,
): AsyncIterableIterator<T, undefined> {
  return cancellableIterator((left) => readFolded(client, requests, options, fold, left));
}

async function* readFolded<T>(
  client: Client,
  requests: readonly WatchRequest[],
  { signal }: WatchOptions,
  fold: Fold<T>,
  left: AbortSignal,
): AsyncGenerator<T, undefined> {
  const over = new AbortController();
  const news = new Notify();
  const end = (): void => over.abort();
  const unlisten = onAbort([signal, left], end);
  const read = async (request: WatchRequest, index: number): Promise<void> => {
    for await (const item of client.watch(request, { signal: over.signal })) {
      if (await fold.apply(item, index, over.signal)) news.notify();
    }
  };
  const reading = Promise.all(requests.map(read)).finally(end);
  // A failure is thrown to the reader below.
  reading.catch(() => undefined);
  try {
    for (;;) {
      await news.wait(undefined, over.signal);
      if (over.signal.aborted) break;
      yield fold.value();
    }
  } finally {
    end();
    unlisten();
    await reading.catch(() => undefined);
  }
  if (signal?.aborted !== true && !left.aborted) await reading.catch(passClosed);
  return undefined;
}

/** When the World is closed the iteration ends, as after an abort. */
function passClosed(error: unknown): void {
  if (!(error instanceof WorldError) || error.code !== 'closed') throw error;
}
