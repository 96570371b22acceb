import { onAbort } from '../../../base/abort.js';
import { cancellable } from '../../../base/cancellable.js';
import type { CallOptions, WatchOptions } from '../../call-options.js';
import type { Client } from '../client.js';
import type { KeyValue } from '../key-value.js';
import { untilAvailable } from '../lease/until-available.js';
import { Turn, type TurnOptions } from './owned-key.js';

/**
 * Campaigns in the election at `name` and resolves when it is won: the election of Go's `concurrency.Election` and
 * of `etcdctl elect`. The leader acts until {@link Turn.lost}, puts {@link Turn.held} into each transaction that only
 * a leader may run, proclaims another value with {@link Turn.write}, and resigns by closing.
 * @param value what others see as the leader, such as a hostname.
 * @throws WorldError `conflict` when `timeoutMs` was too short; `unavailable`; after an abort `signal.reason`.
 */
export function campaign(client: Client, name: string, value: string, options?: TurnOptions): Promise<Turn> {
  return Turn.take(client, name, value, options);
}

/** Who leads now; undefined for nobody. */
export async function leader(
  client: Client,
  name: string,
  options?: CallOptions,
): Promise<KeyValue | undefined> {
  return (await read(client, name, options)).leader;
}

/** Yields who leads now (undefined for nobody), and then whoever leads next or what the leader proclaims. */
export function observe(
  client: Client,
  name: string,
  options: WatchOptions = {},
): AsyncIterableIterator<KeyValue | undefined, undefined> {
  return cancellable((left) => observed(client, name, [options.signal, left]));
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
      const { leader: now, revision } = await untilAvailable(signal, () => read(client, name, { signal }));
      if (before === 'unknown' || now?.modRevision !== before?.modRevision) yield now;
      before = now;
      // A leader's key tells when it goes; without one, the next key of anybody does.
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
