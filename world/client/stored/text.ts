import { isUtf8 } from 'node:buffer';
import type { Log } from '../../../base/log.js';
import { WorldError } from '../../errors.js';
import type { KeyValue } from '../key-value.js';

/** Whether the text can be stored: half of a surrogate pair has no UTF-8 and would come back as something else. */
export function isStorable(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Refuses text that would not be read back as it was written. @throws WorldError `invalid` */
export function checkText(text: string, what: string): void {
  if (!isStorable(text)) {
    throw new WorldError(
      'invalid',
      `${what} cannot be stored: it holds half of a surrogate pair, which is no text.`,
    );
  }
}

/** The value as text. @throws WorldError `invalid` naming the key, where another program stored something else. */
export function textOf(entry: KeyValue): string {
  if (isUtf8(entry.value)) return entry.value.toString();
  const message = `The value of ${entry.key} is not text (UTF-8): another program wrote it. Delete it or write it again.`;
  throw new WorldError('invalid', message, { key: entry.key });
}

/** For a value that another program may have stored, as what is no text at all: `.catch(emptyIfNoText)`. */
export function emptyIfNoText(error: unknown): string {
  if (error instanceof WorldError && error.code === 'invalid') return '';
  throw error;
}

/** The value as text; in a listing what is not text is logged with its key and left out. */
export function readText(entry: KeyValue, log: Log | undefined): string | undefined {
  if (isUtf8(entry.value)) return entry.value.toString();
  skipped(log, entry.key, 'its value is not text (UTF-8)');
  return undefined;
}

/** Says that a listing leaves a key out. */
export function skipped(log: Log | undefined, key: string, why: string): void {
  log?.('warn', `Skipping ${key}: ${why}.`);
}
