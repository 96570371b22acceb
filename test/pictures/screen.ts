import type { IBufferCell, Terminal } from '@xterm/headless';

/** How text looks on a terminal. */
export interface Style {
  /** One of the 256 colours of a terminal, or `#rrggbb`; undefined for the terminal's own. */
  readonly colour?: number | string;
  readonly background?: number | string;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly underlined?: boolean;
}

/** Text of one style in a line. */
export interface Run {
  /** The column that it begins in, from 0. */
  readonly column: number;
  /** How many columns it takes, which may be more than it has characters. */
  readonly columns: number;
  readonly text: string;
  readonly style: Style;
}

/** The lines of a screen from its top, without those below the last that has text. */
export type Screen = readonly (readonly Run[])[];

/** What a terminal shows. */
export function readScreen(terminal: Terminal): Screen {
  const { active } = terminal.buffer;
  const lines = Array.from({ length: terminal.rows }, (_, row) => readLine(terminal, active.viewportY + row));
  const last = lines.findLastIndex((runs) => runs.length > 0);
  return lines.slice(0, last + 1);
}

function readLine(terminal: Terminal, row: number): Run[] {
  const line = terminal.buffer.active.getLine(row);
  const runs: Run[] = [];
  for (let column = 0; line !== undefined && column < terminal.cols; column += 1) {
    const cell = line.getCell(column);
    // The second half of a wide character has no width of its own.
    if (cell === undefined || cell.getWidth() === 0) continue;
    const text = cell.getChars() || ' ';
    const style = styleOf(cell);
    const last = runs.at(-1);
    if (last !== undefined && isSame(last.style, style)) {
      const columns = column + cell.getWidth() - last.column;
      runs.splice(-1, 1, { ...last, text: last.text + text, columns });
    } else {
      runs.push({ column, columns: cell.getWidth(), text, style });
    }
  }
  return withoutBlankEnds(runs);
}

/** Spaces that nobody sees, at the end of the line and where a run begins or ends. */
function withoutBlankEnds(runs: readonly Run[]): Run[] {
  return runs.flatMap((run) => {
    if (run.style.background !== undefined || run.style.underlined) return [run];
    const begin = run.text.length - run.text.trimStart().length;
    const text = run.text.trim();
    if (text === '') return [];
    const end = run.text.length - begin - text.length;
    return [{ ...run, text, column: run.column + begin, columns: run.columns - begin - end }];
  });
}

function styleOf(cell: IBufferCell): Style {
  const colour = cell.isFgDefault() ? undefined : colourOf(cell.getFgColor(), cell.isFgRGB());
  const background = cell.isBgDefault() ? undefined : colourOf(cell.getBgColor(), cell.isBgRGB());
  const isInverse = cell.isInverse() !== 0;
  const seen = isInverse
    ? { colour: background ?? 'background', background: colour ?? 'text' }
    : { colour, background };
  return {
    ...(seen.colour !== undefined && { colour: seen.colour }),
    ...(seen.background !== undefined && { background: seen.background }),
    ...(cell.isBold() !== 0 && { bold: true }),
    ...(cell.isDim() !== 0 && { dim: true }),
    ...(cell.isUnderline() !== 0 && { underlined: true }),
  };
}

function colourOf(value: number, isRgb: boolean): number | string {
  return isRgb ? `#${value.toString(16).padStart(6, '0')}` : value;
}

function isSame(a: Style, b: Style): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
