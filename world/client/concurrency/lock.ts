import type { Client } from '../client.js';
import { Turn, type TurnOptions } from './owned-key.js';

/**
 * Locks `name` for one holder in the whole fleet, after those who asked before: the lock of Go's `concurrency.Mutex`
 * and of `etcdctl lock`. Stop at {@link Turn.lost}, put {@link Turn.held} into the transactions that the lock is to
 * guard, and close it to let the next one have it.
 * @throws WorldError `conflict` when `timeoutMs` was too short; `unavailable`; after an abort `signal.reason`.
 */
export function lock(client: Client, name: string, options?: TurnOptions): Promise<Turn> {
  return Turn.take(client, name, '', options);
}
