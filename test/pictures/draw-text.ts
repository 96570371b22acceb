import type { Run, Style } from './screen.js';

/** Of a character, and of a line, in the units of the picture. */
const CELL = { width: 8.4, height: 18, ascent: 13 } as const;
const FONT_SIZE = 14;
const MARGIN = 14;
/** The bar at the top of the window. */
const BAR = 28;

const TEXT = '#d8dee9';
const BACKGROUND = '#1b2029';
/** The sixteen that a terminal has names for; each has enough contrast with the background. */
const COLOURS = [
  '#5c6675',
  '#f28b8b',
  '#9ccc8a',
  '#e8c47a',
  '#8fb4e8',
  '#d3a1d9',
  '#86cfd3',
  '#d8dee9',
  '#8b96a8',
  '#ff9d9d',
  '#b3e3a0',
  '#ffdb91',
  '#a6c9ff',
  '#eab8f0',
  '#9de6ea',
  '#ffffff',
];

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** How far down a row is. */
function top(row: number): number {
  return round(BAR + MARGIN / 2 + row * CELL.height);
}

/** A window of a terminal of a size, whatever it shows. @param title for those who cannot see it, and in the bar */
export function drawWindow({ columns, rows }: Size, title: string, style: string, content: string): string {
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = Math.ceil(top(rows) + MARGIN / 2);
  const name = escapeXml(title);
  const dots = ['#f28b8b', '#e8c47a', '#9ccc8a'].map(
    (colour, index) => `<circle cx="${18 + index * 18}" cy="${BAR / 2}" r="5" fill="${colour}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}">
<title>${name}</title>
<style>
text{font:${FONT_SIZE}px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;fill:${TEXT}}
.b{font-weight:bold}.d{opacity:.7}.u{text-decoration:underline}.bar{fill:#8b96a8;font-size:12px}
${style}</style>
<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>
${dots.join('')}
<text class="bar" x="${width / 2}" y="${BAR / 2 + 4}" text-anchor="middle">${name}</text>
${content}</svg>
`;
}

/** A line of text; it can be selected, and takes the same room in every font. */
export function drawLine(runs: readonly Run[], row: number): string {
  const y = top(row);
  const boxes = runs.map(({ column, columns, style: { background } }) =>
    background === undefined
      ? ''
      : `<rect x="${left(column)}" y="${y}" width="${round(columns * CELL.width)}" height="${CELL.height}" fill="${colourName(background)}"/>`,
  );
  const spans = runs.map(({ column, columns, text, style }) => {
    const length = round(columns * CELL.width);
    return `<tspan x="${left(column)}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${look(style)}>${escapeXml(text)}</tspan>`;
  });
  return spans.length === 0
    ? ''
    : `${boxes.join('')}<text xml:space="preserve" y="${round(y + CELL.ascent)}">${spans.join('')}</text>`;
}

function look({ colour, bold, dim, underlined }: Style): string {
  const classes = [...(bold ? ['b'] : []), ...(dim ? ['d'] : []), ...(underlined ? ['u'] : [])].join(' ');
  const fill = colour === undefined ? '' : ` fill="${colourName(colour)}"`;
  return `${classes === '' ? '' : ` class="${classes}"`}${fill}`;
}

function colourName(colour: number | string): string {
  if (colour === 'text') return TEXT;
  if (colour === 'background') return BACKGROUND;
  if (typeof colour === 'string') return colour;
  return COLOURS[colour] ?? extendedColour(colour);
}

/** Of the cube of 6 × 6 × 6 colours, and of the 24 greys behind it. */
function extendedColour(colour: number): string {
  const level = (value: number) => (value === 0 ? 0 : 55 + value * 40);
  const index = colour - 16;
  const grey = 8 + (colour - 232) * 10;
  const parts =
    colour >= 232
      ? [grey, grey, grey]
      : [Math.floor(index / 36), Math.floor(index / 6) % 6, index % 6].map(level);
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

function left(column: number): number {
  return round(MARGIN + column * CELL.width);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // Not in XML at all.
      .replace(/[\p{Cc}\p{Cs}]/gu, '')
  );
}
