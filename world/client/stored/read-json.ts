import type { ZodType } from 'zod';
import type { Log } from '../../../base/log.js';
import { isHostname } from '../../validate-names.js';
import type { KeyValue } from '../key-value.js';
import { readText, skipped } from './read-text.js';

/** Reads JSON that another program may have written; a value that does not fit the schema is logged and skipped. */
export function readStoredJson<T>(schema: ZodType<T>, entry: KeyValue, log: Log | undefined): T | undefined {
  const text = readText(entry, log);
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  skipped(log, entry.key, parsed.error.issues.map((issue) => issue.message).join('; '));
  return undefined;
}

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
    if (!isHostname(hostname)) skipped(log, entry.key, 'it does not end with a hostname');
    else {
      const value = readStoredJson(schema, entry, log);
      if (value !== undefined) found.set(hostname, value);
    }
  }
  return found;
}

/** Undefined if the text is not JSON; no schema here accepts undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Other programs' text is expected here; the schema refuses undefined.
    return undefined;
  }
}
