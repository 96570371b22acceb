import type { WatchOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { followKey } from '../client/watch/follow-keys.js';
import type { ScheduledResult } from './scheduler-api.js';
import { decisionKey, parseHosts } from './scheduler-keys.js';

/** Yields the decision of one schedule as it is, and then each one that differs from the one before. */
export function followDecisions(
  client: Client,
  namespace: string,
  options?: WatchOptions,
): AsyncIterableIterator<ScheduledResult, undefined> {
  return followKey(client, decisionKey(namespace), options, {
    read: (entry) => ({ hosts: parseHosts(entry?.value.toString() ?? '') }),
    identify: ({ hosts }) => hosts.join(),
  });
}
