import type { Style } from './screen-line.js';

/** Legible on dark and on light. */
const COLOURS: Record<Style, number> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

export const END_OF_COLOUR = '\u001b[0m';

/** What begins a style on a terminal. */
export function colourOf(style: Style): string {
  return `\u001b[${COLOURS[style]}m`;
}

/** Whether a person wants colours on this output: it is a terminal that has them, and NO_COLOR is not set. */
export function wantsColours(output: { readonly isTTY?: boolean | undefined }): boolean {
  const { NO_COLOR: noColor = '', TERM: term } = process.env;
  return output.isTTY === true && noColor === '' && term !== 'dumb';
}
