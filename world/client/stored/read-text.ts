import { isUtf8 } from 'node:buffer';
import type { Log } from '../../../base/log.js';
import { WorldError } from '../../errors.js';
import type { KeyValue } from '../key-value.js';
import { logSkipped } from './log-skipped.js';

/** The value as text. @throws WorldError `invalid` naming the key, if another program stored something else. */
export function textOf(entry: KeyValue): string {
  if (isUtf8(entry.value)) return entry.value.toString();
  const message = `The value of ${entry.key} is not valid UTF-8 (written by another program). Delete it or overwrite it.`;
  throw new WorldError('invalid', message, { key: entry.key });
}

/** Replaces a value that is not text by an empty one: `.catch(emptyIfNoText)`. */
export function emptyIfNoText(error: unknown): string {
  if (error instanceof WorldError && error.code === 'invalid') return '';
  throw error;
}

/** The value as text, for listings: one that is not text is logged and skipped. */
export function readText(entry: KeyValue, log: Log | undefined): string | undefined {
  if (isUtf8(entry.value)) return entry.value.toString();
  logSkipped(log, entry.key, 'its value is not valid UTF-8');
  return undefined;
}
