import type { Question } from '../../tunnel/questions.js';
import { visible } from '../output/escape-controls.js';

/** What a host may say with a question; which host it is stays on the screen. */
const MOST_LINES = 20;
const MOST_IN_LINE = 500;

/** Above the question: which host it is about, unless it says so itself, and set off from that what the host says. */
export function shownOf({ kind, host, text, position }: Question): { above: string[]; message: string } {
  const said = text
    .trimEnd()
    .split('\n')
    .slice(-MOST_LINES)
    .map((line) => visible(line, MOST_IN_LINE));
  const message = said.pop() ?? '';
  const isTheirs = kind === 'keyboard-interactive';
  const place = position ? [`${host} (host ${position.number} of ${position.of})`] : isTheirs ? [host] : [];
  return { above: [...place, ...said.map((line) => (isTheirs ? `  | ${line}` : line))], message };
}
