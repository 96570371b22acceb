import { isUtf8 } from 'node:buffer';
import type { Log } from '../../../base/log.js';
import { WorldError } from '../../errors.js';
import type { KeyValue } from '../key-value.js';

/** Whether the text can be stored: an unpaired surrogate has no UTF-8 form and would be read back differently. */
export function isStorable(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Refuses text that would not be read back unchanged. @throws WorldError `invalid` */
export function checkText(text: string, what: string): void {
  if (!isStorable(text)) {
    throw new WorldError(
      'invalid',
      `${what} cannot be stored: it contains an unpaired surrogate, which is not valid Unicode.`,
    );
  }
}

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
  skipped(log, entry.key, 'its value is not valid UTF-8');
  return undefined;
}

/** Logs that a listing skips a key. */
export function skipped(log: Log | undefined, key: string, why: string): void {
  log?.('warn', `Skipping ${key}: ${why}.`);
}
