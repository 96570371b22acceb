import stringWidth from 'string-width';
import { visible } from './escape-controls.js';
import { type Lines, lines } from './escaped-lines.js';

/** How much of one cell is shown. */
const MAX_IN_CELL = 1_000;

/** Columns padded to their widest cell, for people. A cell cannot add a row. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): Lines {
  const shown = [head, ...rows].map((row) => row.map((cell) => visible(cell, MAX_IN_CELL)));
  const widths = head.map((_, column) => Math.max(...shown.map((row) => stringWidth(row[column] ?? ''))));
  const pad = (cell: string, column: number): string =>
    cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - stringWidth(cell)));
  return lines(shown.map((row) => row.map(pad).join('  ').trimEnd()));
}
