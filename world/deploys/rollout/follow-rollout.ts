import type { Log } from '../../../base/log.js';
import type { WatchOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { readStoredJson } from '../../client/stored/read-json.js';
import { followKey } from '../../client/watch/follow-keys.js';
import { type RolloutRecord, rolloutKey, rolloutSchema } from './rollout-record.js';

/** Yields how far the hosts are with a deploy, at once and then at each change; undefined before anything was decided. */
export function followRollout(
  client: Client,
  id: number,
  log: Log | undefined,
  options?: WatchOptions,
): AsyncIterable<RolloutRecord | undefined> {
  return followKey<RolloutRecord | undefined>(client, rolloutKey(id), options, {
    read: (entry) => entry && readStoredJson(rolloutSchema, entry, log),
    identify: (record) => record && JSON.stringify(record),
  });
}
