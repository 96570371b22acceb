import { z } from 'zod';
import type { Log } from '../../base/log.js';
import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import type { KeyValue } from '../client/key-value.js';
import { logSkipped } from '../client/stored/log-skipped.js';
import { readStoredJson } from '../client/stored/read-json.js';
import type { TxnOp } from '../client/txn/transaction.js';
import { APPS_PREFIX, HEALTHY_PREFIX } from '../keys.js';
import { APP_NAME } from './manifest.js';

const idSchema = z.number().int().positive();
export const newestSchema = z.object({ newest: idSchema });
const healthySchema = z.object({ id: idSchema });

/** The write that makes an entry of the log the newest of its app; none for a name that no app can have. */
export function indexWrite(app: string, id: number): TxnOp[] {
  return APP_NAME.test(app) ? [{ put: `${APPS_PREFIX}${app}`, value: JSON.stringify({ newest: id }) }] : [];
}

/** The write that makes a deploy the one to go back to; for the transaction of its verdict. */
export function healthyWrite(app: string, id: number): TxnOp[] {
  return APP_NAME.test(app) ? [{ put: `${HEALTHY_PREFIX}${app}`, value: JSON.stringify({ id }) }] : [];
}

/** The id of the newest deploy of each app, by its name. */
export async function listApps(
  client: Client,
  log: Log | undefined,
  options?: CallOptions,
): Promise<Map<string, number>> {
  const { entries } = await client.list(APPS_PREFIX, options);
  return newestIn(entries, log);
}

/** The newest deploys among keys that were read already. */
export function newestIn(entries: readonly KeyValue[], log: Log | undefined): Map<string, number> {
  return idsIn(APPS_PREFIX, entries, log, (entry) => readStoredJson(newestSchema, entry, log)?.newest);
}

/** The newest healthy deploys among keys that were read already. */
export function healthyIn(entries: readonly KeyValue[], log: Log | undefined): Map<string, number> {
  return idsIn(HEALTHY_PREFIX, entries, log, (entry) => readStoredJson(healthySchema, entry, log)?.id);
}

function idsIn(
  prefix: string,
  entries: readonly KeyValue[],
  log: Log | undefined,
  read: (entry: KeyValue) => number | undefined,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const entry of entries) {
    if (!entry.key.startsWith(prefix)) continue;
    const app = entry.key.slice(prefix.length);
    if (!APP_NAME.test(app)) logSkipped(log, entry.key, 'it does not end with the name of an app');
    else {
      const id = read(entry);
      if (id !== undefined) found.set(app, id);
    }
  }
  return found;
}
