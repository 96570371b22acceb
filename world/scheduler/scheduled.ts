import type { WatchOptions } from '../call-options.js';
import { onAbort } from '../client/backoff.js';
import type { Client } from '../client/client.js';
import { leavable } from '../client/leavable.js';
import type { ScheduledResult } from '../scheduler-world.js';
import { decisionKey, parseHosts } from './keys.js';

/** Yields the decision of one schedule as it is, and then each that differs from the one before. */
export function scheduled(
  client: Client,
  namespace: string,
  options: WatchOptions = {},
): AsyncIterableIterator<ScheduledResult, undefined> {
  return leavable((left) => differing(client, namespace, [options.signal, left]));
}

async function* differing(
  client: Client,
  namespace: string,
  ends: readonly (AbortSignal | undefined)[],
): AsyncGenerator<ScheduledResult, undefined> {
  const over = new AbortController();
  const unlisten = onAbort(ends, () => over.abort());
  let before: string | undefined;
  try {
    for await (const text of texts(client, decisionKey(namespace), over.signal)) {
      const hosts = parseHosts(text);
      const joined = hosts.join(',');
      if (joined !== before) yield { hosts };
      before = joined;
    }
  } catch (error) {
    if (!over.signal.aborted) throw error;
  } finally {
    unlisten();
  }
}

/** The value as it is when the watch stands, and each value after that; empty where there is none. */
async function* texts(client: Client, key: string, signal: AbortSignal): AsyncGenerator<string> {
  let readAt = 0n;
  for await (const item of client.watch({ key }, { signal })) {
    if (item.kind === 'events') {
      const last = item.events.at(-1);
      // What was read when the watch stood may be newer than what the watch tells first.
      if (last !== undefined && item.revision > readAt) yield last.entry.value.toString();
    } else {
      const { revision, replies } = await client.txn(
        { success: [{ get: key }] },
        { signal, repeatable: true },
      );
      readAt = revision;
      yield replies[0]?.entries[0]?.value.toString() ?? '';
    }
  }
}
