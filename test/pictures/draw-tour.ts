import { drawLine, drawWindow, type Size } from './draw-text.js';
import type { Run, Screen } from './screen.js';

/** What a screen showed from some moment on. */
export interface Frame {
  readonly atMs: number;
  readonly screen: Screen;
}

/** A line as long as it stood in a row without a change. */
interface Stand {
  readonly row: number;
  readonly runs: readonly Run[];
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * A film of a terminal, which begins again at its end. For those who want no motion it is the last screen.
 * @param frames by time, the first at 0
 * @param lengthMs how long it takes
 */
export function drawTour(frames: readonly Frame[], lengthMs: number, size: Size, title: string): string {
  const stands = standsOf(frames, lengthMs);
  const percent = (ms: number) => Math.round((ms / lengthMs) * 10_000) / 100;
  const rules: string[] = [];
  const names = new Map<string, string>();
  const lines = stands.map(({ row, runs, fromMs, untilMs }) => {
    const [from, until] = [percent(fromMs), percent(untilMs)];
    const key = `${from}-${until}`;
    if (!names.has(key)) {
      const name = `k${names.size}`;
      names.set(key, name);
      rules.push(`@keyframes ${name}{${steps(from, until)}}`, `.${name}{animation-name:${name}}`);
    }
    const isLast = untilMs >= lengthMs;
    return `<g class="t ${names.get(key)}${isLast ? ' last' : ''}">${drawLine(runs, row)}</g>`;
  });
  const style = [
    `.t{visibility:hidden;animation:${lengthMs}ms step-end infinite}`,
    ...rules,
    '@media (prefers-reduced-motion:reduce){.t{animation:none}.last{visibility:visible}}',
    '',
  ].join('\n');
  return drawWindow(size, title, style, `${lines.join('\n')}\n`);
}

function steps(from: number, until: number): string {
  const before = from === 0 ? '' : '0%{visibility:hidden}';
  const after = until >= 100 ? '' : `${until}%{visibility:hidden}`;
  return `${before}${from}%{visibility:visible}${after}`;
}

function standsOf(frames: readonly Frame[], lengthMs: number): Stand[] {
  const stands: Stand[] = [];
  const rows = Math.max(0, ...frames.map(({ screen }) => screen.length));
  for (let row = 0; row < rows; row += 1) {
    for (const [index, { atMs, screen }] of frames.entries()) {
      const runs = screen[row] ?? [];
      const untilMs = frames[index + 1]?.atMs ?? lengthMs;
      const last = stands.at(-1);
      const goesOn =
        last?.row === row && last.untilMs === atMs && JSON.stringify(last.runs) === JSON.stringify(runs);
      if (goesOn) stands.splice(-1, 1, { ...last, untilMs });
      else if (runs.length > 0) stands.push({ row, runs, fromMs: atMs, untilMs });
    }
  }
  return stands;
}
