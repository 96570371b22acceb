import { onAbort } from '../../../base/abort.js';
import { cancellableIterator } from '../../../base/cancellable-iterator.js';
import { describeKey } from '../error/name-key-for-users.js';
import type { Namespace } from '../key-namespace.js';
import { toRange } from '../txn/transaction.js';
import { BufferedWatch } from './buffered-watch.js';
import { ChangeFlag, ItemBuffer, type WatchBuffer } from './watch-buffer.js';
import type { WatchItem } from './watch-item.js';
import type { WatchMultiplexer } from './watch-multiplexer.js';
import { WatchPosition } from './watch-position.js';

export interface WatchRequest {
  readonly key: string;
  /** Watches all keys that start with `key`. Default false. */
  readonly prefix?: boolean | undefined;
  /** Watches all keys from `key` up to this one, which it leaves out: changes of any of them come in one order. */
  readonly upTo?: string | undefined;
  /** The first revision to deliver. Default: changes from now on. */
  readonly fromRevision?: bigint | undefined;
}

export interface WatchContext {
  readonly watches: WatchMultiplexer;
  readonly namespace: Namespace;
  /** Aborted when the client closes: the watch returns. */
  readonly closed: AbortSignal;
  /** How many bytes may be buffered for a slow reader; default 4 MiB. */
  readonly maxBufferedBytes?: number | undefined;
}

/**
 * Watches over any number of streams, until `signal` aborts or the iteration ends. A reader that falls behind by more
 * than the buffer holds is served from etcd's history when it has caught up.
 * @throws WorldError `permission-denied`, `invalid`
 */
export function iterateWatch(
  context: WatchContext,
  request: WatchRequest,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<WatchItem, undefined> {
  return read(context, request, signal, () => new ItemBuffer(context.maxBufferedBytes));
}

/** Like {@link iterateWatch}, but yields only that something changed, once for each burst. */
export function watchChanges(
  context: WatchContext,
  request: WatchRequest,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<void, undefined> {
  return read(context, request, signal, () => new ChangeFlag());
}

function read<T>(
  context: WatchContext,
  request: WatchRequest,
  signal: AbortSignal | undefined,
  buffer: () => WatchBuffer<T>,
): AsyncIterableIterator<T, undefined> {
  return cancellableIterator((left) => follow(context, request, [signal, context.closed, left], buffer()));
}

function rangeOf(namespace: Namespace, { key, prefix, upTo }: WatchRequest): ReturnType<typeof toRange> {
  if (upTo === undefined) return toRange(namespace, key, prefix);
  return { key: namespace.add(key), range_end: namespace.add(upTo) };
}

async function* follow<T>(
  { watches, namespace }: WatchContext,
  request: WatchRequest,
  ends: readonly (AbortSignal | undefined)[],
  buffer: WatchBuffer<T>,
): AsyncGenerator<T, undefined> {
  const over = (): boolean => ends.some((end) => end?.aborted);
  if (over()) return;
  const what = `watch ${describeKey(request.key)}`;
  const cursor = new WatchPosition(namespace, what, request.fromRevision);
  const watch = new BufferedWatch(rangeOf(namespace, request), cursor, buffer);
  const unlisten = onAbort(ends, () => watch.end());
  watches.add(watch);
  try {
    for (;;) {
      const next = await watch.next();
      if (next === undefined) return;
      if (watch.resumeIfCaughtUp()) watches.resume(watch);
      yield next.value;
      if (over()) return;
    }
  } finally {
    unlisten();
    watches.remove(watch);
  }
}
