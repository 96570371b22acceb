import type { IWatchCreateRequest, IWatchResponse } from 'etcd3';
import { WorldError } from '../errors.js';
import type { Log } from '../log.js';
import { Backoff, onAbort, pause } from './backoff.js';
import { isServiceError } from './calls.js';
import type { EndpointSet, Peer } from './endpoint-set.js';
import { judge } from './etcd-error.js';
import { leavable } from './leavable.js';
import type { Namespace } from './namespace.js';
import { openWatch, type WatchStream } from './rpc.js';
import { toRange } from './txn.js';
import { WatchCursor, type WatchItem } from './watch-cursor.js';

/** How long a stream may take to be created, how long it may be silent, and to answer when asked for a sign of life. */
export interface Patience {
  readonly createdMs: number;
  readonly silenceMs: number;
  readonly answerMs: number;
}

const PATIENCE: Patience = { createdMs: 5000, silenceMs: 10_000, answerMs: 5000 };

export interface WatchRequest {
  readonly key: string;
  /** Watches all keys that start with `key`. */
  readonly prefix?: boolean;
  /** The first revision to deliver; without it what happens from now on. */
  readonly fromRevision?: bigint;
}

export interface WatchContext {
  readonly endpoints: EndpointSet;
  readonly namespace: Namespace;
  /** Aborted when the client closes: the watch returns. */
  readonly closed: AbortSignal;
  readonly log: Log | undefined;
  readonly patience?: Patience;
}

/**
 * Watches for ever, over as many streams as it takes, until `signal` aborts or the iteration is left.
 * Reading slowly slows the stream down; nothing piles up here.
 * @throws WorldError `permission-denied`, `invalid`
 */
export function watch(
  context: WatchContext,
  request: WatchRequest,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<WatchItem> {
  return leavable((left) => follow(context, request, [signal, context.closed, left]));
}

async function* follow(
  context: WatchContext,
  request: WatchRequest,
  ends: readonly (AbortSignal | undefined)[],
): AsyncGenerator<WatchItem, undefined> {
  const what = `watch ${request.key}${request.prefix === true ? '*' : ''}`;
  const cursor = new WatchCursor(context.namespace, what, request.fromRevision);
  const backoff = new Backoff();
  const over = (): boolean => ends.some((end) => end?.aborted);
  while (!over()) {
    const peer = context.endpoints.pick();
    try {
      for await (const item of items(
        cursor,
        messages(context, peer, createRequest(context, request, cursor), ends),
      )) {
        backoff.reset();
        yield item;
        if (over()) return;
      }
    } catch (error) {
      if (over()) return;
      blame(context, peer, what, error);
    }
    await pause(backoff.next(), ends);
  }
}

async function* items(
  cursor: WatchCursor,
  stream: AsyncIterable<IWatchResponse>,
): AsyncGenerator<WatchItem, undefined> {
  for await (const message of stream) {
    const item = cursor.receive(message);
    if (item === 'reopen') return;
    if (item !== undefined) yield item;
  }
}

/** The messages of one stream; the stream is cancelled when the iteration is left, when it falls silent, or at an end. */
async function* messages(
  { patience = PATIENCE }: WatchContext,
  peer: Peer,
  request: IWatchCreateRequest,
  ends: readonly (AbortSignal | undefined)[],
): AsyncGenerator<IWatchResponse> {
  const stream = openWatch(peer.host);
  // The iterator reports errors; a listener of our own keeps one that comes after it from ending the process.
  stream.on('error', () => undefined);
  const unlisten = onAbort([...ends, peer.removed], () => stream.cancel());
  try {
    stream.write({ create_request: request });
    const iterator: AsyncIterator<IWatchResponse> = stream[Symbol.asyncIterator]();
    let first = true;
    for (;;) {
      const silence = first ? cancelAfter(stream, patience) : probeAfter(stream, patience);
      const result = await iterator.next().finally(silence.stop);
      if (result.done === true) return;
      first = false;
      yield result.value;
    }
  } finally {
    unlisten();
    stream.cancel();
  }
}

interface Timer {
  stop(this: void): void;
}

function cancelAfter(stream: WatchStream, { createdMs }: Patience): Timer {
  const timer = setTimeout(() => stream.cancel(), createdMs);
  return { stop: () => clearTimeout(timer) };
}

/** A link may be dead without saying so: asks the server for a sign of life and gives the stream up without one. */
function probeAfter(stream: WatchStream, { silenceMs, answerMs }: Patience): Timer {
  let timer = setTimeout(() => {
    stream.write({ progress_request: {} });
    timer = setTimeout(() => stream.cancel(), answerMs);
  }, silenceMs);
  return { stop: () => clearTimeout(timer) };
}

function createRequest(
  context: WatchContext,
  request: WatchRequest,
  cursor: WatchCursor,
): IWatchCreateRequest {
  const range = toRange(context.namespace, request.key, request.prefix);
  const start = cursor.next === undefined ? {} : { start_revision: String(cursor.next) };
  return { ...range, ...start, progress_notify: true };
}

function blame(context: WatchContext, peer: Peer, what: string, error: unknown): void {
  if (!isServiceError(error)) throw error;
  const verdict = judge(error);
  if (verdict.outcome === 'refused' && verdict.code !== 'unavailable') {
    throw new WorldError(verdict.code, `Could not ${what} at ${peer.url}: ${error.details}.`, {
      endpoint: peer.url,
      reason: error.details,
      cause: error,
    });
  }
  if (peer.removed.aborted) return;
  context.endpoints.avoid(peer, { reconnect: true });
  context.log?.('debug', `Lost the stream to ${what} at ${peer.url} (${error.details}); opening another.`);
}
