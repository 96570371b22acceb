import { onAbort } from '../../../base/abort.js';
import { cancellableIterator } from '../../../base/cancellable-iterator.js';
import type { CallOptions, WatchOptions } from '../../call-options.js';
import type { Client } from '../client.js';
import type { KeyValue } from '../key-value.js';
import { retryUntilAvailable } from '../retry-until-available.js';
import { type AcquireOptions, type Leadership, OwnedKey } from './owned-key.js';

/**
 * Campaigns in the election at `name` and resolves when it is won: the election of Go's `concurrency.Election` and
 * of `etcdctl elect`. Lead until {@link Leadership.lost} aborts, add {@link Leadership.fence} to each transaction
 * that only the leader may run, and close it to resign.
 * @param value what others see of the leader, such as its hostname.
 * @throws WorldError `conflict` after `timeoutMs`; `unavailable`; after an abort `signal.reason`.
 */
export function campaign(
  client: Client,
  name: string,
  value: string,
  options?: AcquireOptions,
): Promise<Leadership> {
  return OwnedKey.acquire(client, name, value, options);
}

/** The key and value of the current leader; undefined if there is none. */
export async function leader(
  client: Client,
  name: string,
  options?: CallOptions,
): Promise<KeyValue | undefined> {
  return (await read(client, name, options)).leader;
}

/**
 * Yields the current leader (undefined if there is none), then each new one, and each value that a leader proclaims.
 * Ends when `signal` aborts.
 */
export function observe(
  client: Client,
  name: string,
  options: WatchOptions = {},
): AsyncIterableIterator<KeyValue | undefined, undefined> {
  return cancellableIterator((left) => observed(client, name, [options.signal, left]));
}

async function* observed(
  client: Client,
  name: string,
  ends: readonly (AbortSignal | undefined)[],
): AsyncGenerator<KeyValue | undefined, undefined> {
  const over = new AbortController();
  const { signal } = over;
  const unlisten = onAbort(ends, () => over.abort());
  try {
    let before: KeyValue | 'unknown' | undefined = 'unknown';
    while (!signal.aborted) {
      const { leader: now, revision } = await retryUntilAvailable(signal, () =>
        read(client, name, { signal }),
      );
      if (before === 'unknown' || now?.modRevision !== before?.modRevision) yield now;
      before = now;
      // Without a leader, the next key of any candidate is news.
      const request = now === undefined ? { key: `${name}/`, prefix: true } : { key: now.key };
      for await (const item of client.watch({ ...request, fromRevision: revision + 1n }, { signal })) {
        if (item.kind !== 'ready') break;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    unlisten();
  }
}

async function read(
  client: Client,
  name: string,
  options: CallOptions = {},
): Promise<{ leader: KeyValue | undefined; revision: bigint }> {
  const first = { get: `${name}/`, prefix: true, byCreation: { order: 'first', limit: 1 } } as const;
  const { revision, replies } = await client.txn({ success: [first] }, { ...options, repeatable: true });
  return { leader: replies[0]?.entries[0], revision };
}
