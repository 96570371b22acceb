import type { ConnectionKey } from './connection-settings.js';
import { escapeNonAscii } from './escape-non-ascii.js';

/** The keys that are shown must fit on a screen; longer ones have to be read in the file. */
const MAX_LINES = 20;
const MAX_LINE_LENGTH = 300;

/** The keys with their values, one a line. */
export function keyLines(keys: readonly ConnectionKey[]): string[] {
  return keys.flatMap(({ key, values }) => values.map((value) => `  ${key}: ${escapeNonAscii(value)}`));
}

/** The same for a question; undefined when they are too many or too long to be read at a glance. */
export function shortKeyLines(keys: readonly ConnectionKey[]): string[] | undefined {
  const lines = keyLines(keys);
  const isShort = lines.length <= MAX_LINES && lines.every((line) => line.length <= MAX_LINE_LENGTH);
  return isShort ? lines : undefined;
}
