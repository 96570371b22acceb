import type { ISnapshotResponse } from 'etcd3';
import { onAbort } from '../../base/abort.js';
import type { CallOptions } from '../call-options.js';
import { WorldError } from '../errors.js';
import { type Calls, closedError, DEFAULT_TIMEOUT_MS } from './calls/calls.js';
import type { SnapshotStream } from './calls/rpc.js';
import { isServiceError } from './error/classify.js';
import { explainGrpcError } from './error/explain-grpc-error.js';

/**
 * The whole backend file of one member, piece by piece as the caller takes them. What came is a snapshot only if the
 * iteration ends by itself.
 * @param closed aborted when the client closes.
 */
export async function* readSnapshot(
  calls: Calls,
  closed: AbortSignal,
  options: CallOptions,
): AsyncGenerator<Uint8Array, undefined> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const { value: opened } = await calls.perform(
    { kind: 'read', what: 'take a snapshot', run: async (rpc) => ({ stream: await rpc.snapshot() }) },
    options,
  );
  const { stream } = opened;
  const unlisten = onAbort([signal, closed], () => stream.cancel());
  try {
    yield* pieces(stream, timeoutMs);
  } catch (error) {
    signal?.throwIfAborted();
    if (closed.aborted) throw closedError();
    if (!isServiceError(error)) throw error;
    throw broken(explainGrpcError(error.details), error);
  } finally {
    unlisten();
    stream.cancel();
  }
  return undefined;
}

async function* pieces(stream: SnapshotStream, timeoutMs: number): AsyncGenerator<Uint8Array> {
  const messages: AsyncIterator<ISnapshotResponse> = stream[Symbol.asyncIterator]();
  let missing: string | undefined;
  for (;;) {
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      stream.cancel();
    }, timeoutMs);
    const message = await messages
      .next()
      .catch((error: unknown) => {
        throw isLate ? broken(`nothing came for ${timeoutMs} ms`, error) : error;
      })
      .finally(() => clearTimeout(late));
    if (message.done === true) break;
    missing = message.value.remaining_bytes;
    if (message.value.blob.length > 0) yield message.value.blob;
  }
  if (missing !== '0') throw broken('it ended too soon');
}

function broken(reason: string, cause?: unknown): WorldError {
  const message = `Could not take the whole snapshot: ${reason}. What came of it is of no use; take another.`;
  return new WorldError('unavailable', message, { reason, cause });
}
