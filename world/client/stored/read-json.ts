import type { ZodType } from 'zod';
import type { Log } from '../../../base/log.js';
import type { KeyValue } from '../key-value.js';
import { logSkipped } from './log-skipped.js';
import { readText } from './read-text.js';

/** Reads JSON that another program may have written; a value that does not fit the schema is logged and skipped. */
export function readStoredJson<T>(schema: ZodType<T>, entry: KeyValue, log: Log | undefined): T | undefined {
  const text = readText(entry, log);
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  logSkipped(log, entry.key, parsed.error.issues.map((issue) => issue.message).join('; '));
  return undefined;
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
