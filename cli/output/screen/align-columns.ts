import stringWidth from 'string-width';
import { visible } from '../escape-controls.js';
import type { ScreenLine, Span } from './screen-line.js';

const GAP = 2;

/** How much of one cell is shown, but for those of the last column. */
const MOST_IN_CELL = 30;

/** Rows of cells with all columns but the last padded to their widest cell. */
export function alignColumns(rows: readonly (readonly Span[])[]): ScreenLine[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widthAt = (column: number): number =>
    Math.max(...rows.map((row) => stringWidth(shortened(row[column]?.text ?? ''))));
  const widths = Array.from({ length: columns - 1 }, (_, column) => widthAt(column));
  return rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column];
      if (width === undefined) return cell;
      const text = shortened(cell.text);
      return { ...cell, text: text + ' '.repeat(width - stringWidth(text) + GAP) };
    }),
  );
}

function shortened(text: string): string {
  const shown = visible(text);
  return shown.length > MOST_IN_CELL ? `${shown.slice(0, MOST_IN_CELL - 1)}…` : shown;
}
