import { drawLine, drawWindow, type Size } from './draw-text.js';
import type { Screen } from './screen.js';

/** A screen as a picture of always the same size. */
export function drawScreen(screen: Screen, size: Size, title: string): string {
  const lines = screen.map((runs, row) => drawLine(runs, row)).filter((line) => line !== '');
  return drawWindow(size, title, '', `${lines.join('\n')}\n`);
}
