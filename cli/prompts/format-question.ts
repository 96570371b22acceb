import type { Question } from '../../tunnel/question-queue.js';
import { visible } from '../output/escape-controls.js';

/** How much of a host's text is shown with a question, so that the name of the host stays on the screen. */
const MAX_LINES = 20;
const MAX_IN_LINE = 500;

/** The question, and what is shown above it: which host it is about, unless the question says so, and the host's own text, indented. */
export function formatQuestion({ kind, host, text, position }: Question): {
  above: string[];
  message: string;
} {
  const said = text
    .trimEnd()
    .split('\n')
    .slice(-MAX_LINES)
    .map((line) => visible(line, MAX_IN_LINE));
  const message = said.pop() ?? '';
  const isTheirs = kind === 'keyboard-interactive';
  const place = position ? [`${host} (host ${position.number} of ${position.of})`] : isTheirs ? [host] : [];
  return { above: [...place, ...said.map((line) => (isTheirs ? `  | ${line}` : line))], message };
}
