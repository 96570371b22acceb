import { onAbort } from '../../../base/abort.js';
import type { CallOptions } from '../../call-options.js';
import { WorldError } from '../../errors.js';
import { type CallRunner, closedError, DEFAULT_TIMEOUT_MS } from '../calls/call-runner.js';
import type { SnapshotStream } from '../calls/etcd-rpc.js';
import { isServiceError } from '../error/classify-failure.js';
import { explainGrpcError } from '../error/explain-grpc-error.js';
import type { ISnapshotResponse } from '../internals/etcd3.js';

/**
 * The whole backend file of one member, in chunks, sent no faster than the caller reads them. It is complete only if the
 * iteration ends by itself.
 * @param closed aborted when the client closes.
 */
export async function* readSnapshot(
  calls: CallRunner,
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
    yield* readChunks(stream, timeoutMs);
  } catch (error) {
    signal?.throwIfAborted();
    if (closed.aborted) throw closedError();
    if (!isServiceError(error)) throw error;
    throw incomplete(explainGrpcError(error.details), error);
  } finally {
    unlisten();
    stream.cancel();
  }
  return undefined;
}

async function* readChunks(stream: SnapshotStream, timeoutMs: number): AsyncGenerator<Uint8Array> {
  const messages: AsyncIterator<ISnapshotResponse> = stream[Symbol.asyncIterator]();
  let remainingBytes: string | undefined;
  for (;;) {
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      stream.cancel();
    }, timeoutMs);
    const message = await messages
      .next()
      .catch((error: unknown) => {
        throw isLate ? incomplete(`no data for ${timeoutMs} ms`, error) : error;
      })
      .finally(() => clearTimeout(late));
    if (message.done === true) break;
    remainingBytes = message.value.remaining_bytes;
    if (message.value.blob.length > 0) yield message.value.blob;
  }
  if (remainingBytes !== '0') throw incomplete('the stream ended early');
}

function incomplete(reason: string, cause?: unknown): WorldError {
  const message = `Could not take a complete snapshot: ${reason}. The partial snapshot is unusable; take it again.`;
  return new WorldError('unavailable', message, { reason, cause });
}
