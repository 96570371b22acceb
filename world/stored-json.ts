import type { ZodType } from 'zod';
import type { KeyValue } from './client/key-value.js';
import type { Log } from './log.js';

/** Reads JSON that anybody may have written; what does not fit is logged with its key and left out. */
export function readStoredJson<T>(schema: ZodType<T>, entry: KeyValue, log: Log | undefined): T | undefined {
  const parsed = schema.safeParse(parseJson(entry.value.toString()));
  if (parsed.success) return parsed.data;
  log?.('warn', `Skipping ${entry.key}: ${parsed.error.issues.map((issue) => issue.message).join('; ')}.`);
  return undefined;
}

/** Undefined, which no schema of ours takes, for what is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Foreign text is expected here; the schema refuses undefined.
    return undefined;
  }
}
