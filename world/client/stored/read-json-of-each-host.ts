import type { ZodType } from 'zod';
import type { Log } from '../../../base/log.js';
import { isHostname } from '../../validate-names.js';
import type { KeyValue } from '../key-value.js';
import { logSkipped } from './log-skipped.js';
import { readStoredJson } from './read-json.js';

/** Reads the JSON of each host under a prefix, by hostname; values that do not fit the schema are logged and skipped. */
export function readHosts<T>(
  schema: ZodType<T>,
  prefix: string,
  entries: readonly KeyValue[],
  log: Log | undefined,
): Map<string, T> {
  const found = new Map<string, T>();
  for (const entry of entries) {
    const hostname = entry.key.slice(prefix.length);
    if (!isHostname(hostname)) logSkipped(log, entry.key, 'it does not end with a hostname');
    else {
      const value = readStoredJson(schema, entry, log);
      if (value !== undefined) found.set(hostname, value);
    }
  }
  return found;
}
