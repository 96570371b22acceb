import { createHash } from 'node:crypto';
import { WorldError } from '../../errors.js';

/** etcd appends a SHA-256 hash of the database to it (`Snapshot` in its `server/etcdserver/api/v3rpc/maintenance.go`). */
const HASH_BYTES = 32;

/**
 * Passes a snapshot on, and checks at its end that it is what etcd sent, so that it can be restored.
 * @throws WorldError `unavailable` if it is not
 */
export async function* verifySnapshot(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let end: Uint8Array = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([end, chunk]);
    const known = Math.max(0, bytes.length - HASH_BYTES);
    hash.update(bytes.subarray(0, known));
    end = bytes.subarray(known);
    yield chunk;
  }
  if (hash.digest().equals(end)) return;
  const reason = 'its checksum is wrong';
  throw new WorldError('unavailable', `The snapshot is damaged: ${reason}. Take it again.`, { reason });
}
