import { visible } from '../output/escape-controls.js';

/** A text in lines of so many characters, broken between words where that is possible; the rest of the last one may be cut off. */
export function wrapText(text: string, columns: number, mostLines: number): string[] {
  const width = Math.max(columns, 1);
  const lines: string[] = [];
  let rest = visible(text);
  while (rest.length > width && lines.length < mostLines - 1) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > width / 2 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}
