import type { Log } from '../../base/log.js';
import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { logSkipped } from '../client/stored/log-skipped.js';
import { DEPLOY_PREFIX } from '../keys.js';
import { maxDeployId, parseDeployKey, payloadKey } from './deploy-keys.js';

/** So many keys that were created last are looked at, so that a few foreign ones beside the log do not hide its end. */
const LATELY = 8;

/**
 * The newest id, for as few bytes however long the log: the keys that were created last, and whether the next id
 * exists. Ids follow each other without a gap, so where it does (the log was copied, which creates keys in another
 * order), or where only foreign keys were created lately, all keys are listed, without values.
 */
export async function findNewestId(
  client: Client,
  log: Log | undefined,
  options: CallOptions = {},
): Promise<number> {
  const lately = { ...options, keysOnly: true, newestFirst: true, limit: LATELY };
  const { entries } = await client.list(DEPLOY_PREFIX, lately);
  nameForeign(entries, log);
  const newest = maxDeployId(entries);
  if (entries.length < LATELY) return newest;
  if (newest > 0 && !(await exists(client, newest + 1, options))) return newest;
  const all = await client.list(DEPLOY_PREFIX, { ...options, keysOnly: true });
  nameForeign(all.entries, log);
  return maxDeployId(all.entries);
}

function nameForeign(entries: readonly { readonly key: string }[], log: Log | undefined): void {
  for (const { key } of entries)
    if (parseDeployKey(key) === undefined) logSkipped(log, key, 'it is not part of a deploy');
}

async function exists(client: Client, id: number, options: CallOptions): Promise<boolean> {
  const question = { success: [{ get: payloadKey(id), countOnly: true }] };
  const { replies } = await client.txn(question, { ...options, repeatable: true });
  return replies.some(({ count }) => count > 0);
}
