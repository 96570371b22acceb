import stringWidth from 'string-width';
import { visible } from '../escape-controls.js';

/** How a part of a line looks, where the terminal has colours. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** A part of a line. Its text may be somebody else's: it is escaped before it is drawn. */
export interface Span {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** One line on the screen. */
export type ScreenLine = readonly Span[];

/** How large a terminal is. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** A character as it is drawn, and how. */
export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** Escaped, clipped to the terminal, in characters. */
export interface DrawableLine {
  readonly cells: readonly Cell[];
  /** In columns. */
  readonly width: number;
  /** Whether each cell is known to take one column on every terminal, so that any of them can be drawn alone. */
  readonly isEven: boolean;
}

/** How much of one span is looked at: more than any terminal is wide. */
const MOST_CHARACTERS = 1_000;

const CUT = '…';

/** Latin letters, and the few signs that we draw (… and →); others are two columns wide somewhere. */
const ONE_COLUMN = /^[\u0020-\u007e\u00a1-\u02ff\u2026\u2192]$/;

/** Made when a line is drawn: it takes a sixth of the time in which commands start. */
let segmenter: Intl.Segmenter | undefined;

/** Prepares a line to be drawn. The last column stays free, because terminals differ in where the cursor is behind it. */
export function toDrawable(line: ScreenLine, columns: number): DrawableLine {
  const room = Math.max(columns - 1, 1);
  const cells: Cell[] = [];
  let [width, isEven] = [0, true];
  segmenter ??= new Intl.Segmenter();
  for (const { text, style } of line) {
    for (const { segment } of segmenter.segment(visible(text, MOST_CHARACTERS))) {
      const wide = ONE_COLUMN.test(segment) ? 1 : stringWidth(segment);
      if (width + wide > room) return { ...cut(cells, width, room), isEven };
      cells.push(style === undefined ? { text: segment } : { text: segment, style });
      width += wide;
      isEven &&= ONE_COLUMN.test(segment);
    }
  }
  return { cells, width, isEven };
}

/** Says that there is more of the line, in its last column. */
function cut(
  cells: readonly Cell[],
  width: number,
  room: number,
): { readonly cells: readonly Cell[]; readonly width: number } {
  const kept = [...cells];
  let left = width;
  while (left > room - 1) left -= stringWidth(kept.pop()?.text ?? ' ');
  return { cells: [...kept, { text: CUT, style: 'dim' }], width: left + 1 };
}
