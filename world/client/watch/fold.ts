import { onAbort } from '../../../base/abort.js';
import { cancellable } from '../../../base/cancellable.js';
import { Notify } from '../../../base/notify.js';
import type { WatchOptions } from '../../call-options.js';
import { WorldError } from '../../errors.js';
import type { Client } from '../client.js';
import type { WatchItem } from './cursor.js';
import type { WatchRequest } from './watch.js';

/** What a reader of several watches keeps of them. */
export interface Fold<T> {
  /**
   * Takes the next item of the watch with this index.
   * @param signal aborts when the reader has left.
   * @returns whether there is something new to show.
   */
  apply(item: WatchItem, index: number, signal: AbortSignal): boolean | Promise<boolean>;
  value(): T;
}

/**
 * Reads watches at their pace and yields what is kept of them at the pace of the caller: what happens while the caller
 * is busy comes as one, so that a slow caller sees the newest instead of falling behind.
 */
export function follow<T>(
  client: Client,
  requests: readonly WatchRequest[],
  options: WatchOptions = {},
  fold: Fold<T>,
): AsyncIterableIterator<T, undefined> {
  return cancellable((left) => readFolded(client, requests, options, fold, left));
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
  // Whoever reads gets the failure, when it comes to it.
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

/** The World was closed: the iteration ends, as it does at an abort. */
function passClosed(error: unknown): void {
  if (!(error instanceof WorldError) || error.code !== 'closed') throw error;
}
