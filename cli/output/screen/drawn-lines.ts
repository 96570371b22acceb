import { type Cell, type DrawableLine, type ScreenLine, type ScreenSize, toDrawable } from './screen-line.js';
import { colourOf, END_OF_COLOUR } from './style-colours.js';

/** Cells between two that change which are drawn once more, since it takes less than moving the cursor. */
const NEAR = 6;

/** Erases from the cursor to the end of the line; of the screen. */
const ERASE_LINE = '\u001b[K';
const ERASE_BELOW = '\u001b[J';

/**
 * Lines on a terminal that are changed where they are: what it returns is to be written. It begins in the line of the cursor, whose
 * first column that must be in. Between changes the cursor is at the beginning of the line below: terminals that become narrower
 * break long lines in two, but differ in what they do to the one with the cursor.
 */
export class DrawnLines {
  readonly #isColoured: boolean;
  #lines: readonly DrawableLine[] = [];
  #size: ScreenSize | undefined;
  /** The line that the cursor is in; while it changes lines, its column is not known. */
  #row = 0;

  constructor({ isColoured }: { readonly isColoured: boolean }) {
    this.#isColoured = isColoured;
  }

  /** Changes what is on the screen to these lines, of which there is room for one less than the terminal has rows. */
  draw(lines: readonly ScreenLine[], size: ScreenSize): string {
    const shown = lines.slice(0, Math.max(size.rows - 1, 1)).map((line) => toDrawable(line, size.columns));
    const before = this.#size;
    const isResized = before !== undefined && (before.columns !== size.columns || before.rows !== size.rows);
    let written = isResized ? this.erase(size) : '';
    this.#size = size;
    for (const [row, line] of shown.entries()) written += this.#drawLine(row, line);
    const rest = shown.length < this.#lines.length ? `${this.#moveTo(shown.length)}\r${ERASE_BELOW}` : '';
    this.#lines = shown;
    const back = this.#moveTo(shown.length);
    return written + rest + (back === '' ? '' : `${back}\r`);
  }

  /** Takes the lines off the screen, which may have another size by now, and leaves the cursor where the first one began. */
  erase(size: ScreenSize | undefined = this.#size): string {
    if (this.#lines.length === 0 || size === undefined) return '';
    const rows = this.#lines.reduce(
      (sum, { width }) => sum + Math.max(1, Math.ceil(width / size.columns)),
      0,
    );
    this.leave();
    return `\u001b[${Math.min(rows, Math.max(size.rows - 1, 1))}A${ERASE_BELOW}`;
  }

  /** Leaves the lines where they are: what follows is written below. */
  leave(): void {
    this.#lines = [];
    this.#row = 0;
  }

  #drawLine(row: number, line: DrawableLine): string {
    const before = this.#lines[row];
    if (before === undefined) {
      const moved = this.#moveTo(row);
      this.#row = row + 1;
      return `${moved === '' ? '' : `${moved}\r`}${this.#coloured(line.cells)}\r\n`;
    }
    const runs =
      before.isEven && line.isEven ? changedRuns(before.cells, line.cells) : wholeIfChanged(before, line);
    const isShorter = line.width < before.width;
    if (runs.length === 0 && !isShorter) return '';
    const moved = this.#moveTo(row);
    const drawn = runs.map(({ from, to }) => moveToColumn(from) + this.#coloured(line.cells.slice(from, to)));
    const rest = isShorter ? moveToColumn(line.width) + ERASE_LINE : '';
    return moved + drawn.join('') + rest;
  }

  #moveTo(row: number): string {
    const by = row - this.#row;
    this.#row = row;
    if (by === 0) return '';
    return by < 0 ? `\u001b[${-by}A` : `\u001b[${by}B`;
  }

  #coloured(cells: readonly Cell[]): string {
    let written = '';
    let style: Cell['style'];
    for (const cell of cells) {
      if (this.#isColoured && cell.style !== style) {
        written +=
          (style === undefined ? '' : END_OF_COLOUR) + (cell.style === undefined ? '' : colourOf(cell.style));
        style = cell.style;
      }
      written += cell.text;
    }
    return style === undefined ? written : written + END_OF_COLOUR;
  }
}

interface Run {
  readonly from: number;
  readonly to: number;
}

/** Which cells are to be drawn. */
function changedRuns(before: readonly Cell[], after: readonly Cell[]): Run[] {
  const runs: { from: number; to: number }[] = [];
  for (const [column, cell] of after.entries()) {
    const old = before[column];
    if (old?.text === cell.text && old.style === cell.style) continue;
    const last = runs.at(-1);
    if (last !== undefined && column - last.to <= NEAR) last.to = column + 1;
    else runs.push({ from: column, to: column + 1 });
  }
  return runs;
}

function wholeIfChanged(before: DrawableLine, after: DrawableLine): Run[] {
  const isChanged =
    after.cells.length !== before.cells.length || changedRuns(before.cells, after.cells).length > 0;
  return isChanged ? [{ from: 0, to: after.cells.length }] : [];
}

function moveToColumn(column: number): string {
  return column === 0 ? '\r' : `\u001b[${column + 1}G`;
}
