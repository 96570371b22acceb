import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { readStoredJson } from '../client/stored/read-json.js';
import { txnInBatches } from '../client/txn/txn-batches.js';
import { WorldError } from '../errors.js';
import { DEPLOY_PREFIX, DEPLOYS_PREFIX, REPORTS_PREFIX, ROLLOUTS_PREFIX } from '../keys.js';
import { splitIntoGroups } from '../split-into-groups.js';
import { hashKey, parseDeployKey, payloadKey } from './deploy-keys.js';
import { healthyIn, newestIn } from './newest-deploy-per-app.js';
import { deploysInUse, newestReports } from './newest-reports.js';
import { reportsPrefix } from './reports.js';
import { rolloutKey, rolloutSchema } from './rollout/rollout-record.js';
import { listRunning } from './running-apps.js';

/** Reports that are read in one transaction. */
const MOST_REPORTS = 100;

/**
 * Deletes all deploys but the newest, those that a host runs, the newest and the last healthy one of each app, and those under
 * way; with their hashes and reports, and hashes without a deploy. A host that is away is assumed to run what it reported last.
 * @returns how many deploys were deleted.
 */
export async function deleteOldDeploys(
  client: Client,
  keep: number,
  options: CallOptions = {},
): Promise<number> {
  if (!Number.isSafeInteger(keep) || keep < 1) {
    const message = `${keep} is not a valid number of deploys to keep: it must be a whole number from 1.`;
    throw new WorldError('invalid', message);
  }
  const { entries } = await client.list(DEPLOY_PREFIX, { ...options, keysOnly: true });
  const found = entries.flatMap(({ key }) => parseDeployKey(key) ?? []);
  const ids = found.flatMap(({ id, part }) => (part === 'payload' ? [id] : [])).sort((a, b) => a - b);
  const oldest = ids.at(-keep) ?? ids[0] ?? 0;
  const inUse = await readInUse(client, options);
  for (const id of await readNeeded(client, options)) inUse.add(id);
  const old = new Set(found.map(({ id }) => id).filter((id) => id < oldest && !inUse.has(id)));
  const deletes = [...old].flatMap((id) => [
    { delete: payloadKey(id) },
    { delete: hashKey(id) },
    { delete: reportsPrefix(id), prefix: true },
    { delete: rolloutKey(id) },
  ]);
  await txnInBatches(client, deletes, { ...options, repeatable: true });
  return ids.filter((id) => old.has(id)).length;
}

/** What runs anywhere, what each app would run or go back to, and what is under way. */
async function readNeeded(client: Client, options: CallOptions): Promise<number[]> {
  const [running, { entries }] = await Promise.all([
    listRunning(client, undefined, options),
    client.list(DEPLOYS_PREFIX, options),
  ]);
  const underWay = entries.flatMap((entry) => {
    const id = Number(entry.key.slice(ROLLOUTS_PREFIX.length));
    if (!entry.key.startsWith(ROLLOUTS_PREFIX)) return [];
    const record = readStoredJson(rolloutSchema, entry, undefined);
    return record === undefined || record.phase === 'done' ? [] : [id];
  });
  const run = [...running.values()].flatMap(({ apps }) => Object.values(apps).map(({ deploy }) => deploy));
  return [
    ...run,
    ...underWay,
    ...newestIn(entries, undefined).values(),
    ...healthyIn(entries, undefined).values(),
  ];
}

/** The deploys that any host runs, according to the reports. */
async function readInUse(client: Client, options: CallOptions): Promise<Set<number>> {
  const { entries } = await client.list(REPORTS_PREFIX, { ...options, keysOnly: true });
  const reports = newestReports(entries.map(({ key }) => key));
  const inUse = new Set<number>();
  for (const group of splitIntoGroups(reports, MOST_REPORTS)) {
    const success = group.map(({ key }) => ({ get: key }));
    const { replies } = await client.txn({ success }, { ...options, repeatable: true });
    for (const [index, report] of group.entries()) {
      const stored = replies[index]?.entries[0];
      for (const id of stored === undefined ? [] : deploysInUse(report, stored)) inUse.add(id);
    }
  }
  return inUse;
}
