import type { Client } from '../client/client.js';
import { txnInBatches } from '../client/txn-batches.js';
import { WorldError } from '../errors.js';
import { reportsPrefix } from '../reports.js';
import type { CallOptions } from '../world.js';
import { DEPLOY_PREFIX, hashKey, parseDeployKey, payloadKey } from './keys.js';

/**
 * Deletes all deploys but the newest, with their hashes and reports, and hashes that lost their deploy.
 * @returns how many deploys were deleted.
 */
export async function pruneDeploys(client: Client, keep: number, options: CallOptions = {}): Promise<number> {
  if (!Number.isSafeInteger(keep) || keep < 1) {
    const message = `${keep} deploys cannot be kept: it is a whole number from 1, because the next deploy follows the newest.`;
    throw new WorldError('invalid', message);
  }
  const { entries } = await client.list(DEPLOY_PREFIX, { ...options, keysOnly: true });
  const found = entries.flatMap(({ key }) => parseDeployKey(key) ?? []);
  const ids = found.flatMap(({ id, part }) => (part === 'payload' ? [id] : [])).sort((a, b) => a - b);
  const oldest = ids.at(-keep) ?? ids[0] ?? 0;
  const old = new Set(found.map(({ id }) => id).filter((id) => id < oldest));
  const deletes = [...old].flatMap((id) => [
    { delete: payloadKey(id) },
    { delete: hashKey(id) },
    { delete: reportsPrefix(id), prefix: true },
  ]);
  await txnInBatches(client, deletes, { ...options, repeatable: true });
  return ids.filter((id) => id < oldest).length;
}
