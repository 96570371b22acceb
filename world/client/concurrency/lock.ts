import type { Client } from '../client.js';
import { type AcquireOptions, type Lock, OwnedKey } from './owned-key.js';

/**
 * Locks `name` for one holder in the whole fleet, in the order of asking: the lock of Go's `concurrency.Mutex` and of
 * `etcdctl lock`. Stop when {@link Lock.lost} aborts, add {@link Lock.fence} to the transactions that the lock
 * guards, and close it to pass it on.
 * @throws WorldError `conflict` after `timeoutMs`; `unavailable`; after an abort `signal.reason`.
 */
export function lock(client: Client, name: string, options?: AcquireOptions): Promise<Lock> {
  return OwnedKey.acquire(client, name, '', options);
}
