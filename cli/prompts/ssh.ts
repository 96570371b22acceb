import { setTimeout as delay } from 'node:timers/promises';
import type { Ask, Question } from '../../tunnel/questions.js';
import { InterruptedError } from '../errors.js';
import { writeRemark } from '../output/door.js';
import { lines } from '../output/lines.js';
import { visible } from '../output/visible.js';
import { question } from './question.js';

const heardWithinMs = 1_000;

/** What a host may say with a question; which host it is stays on the screen. */
const MOST_LINES = 20;
const MOST_IN_LINE = 500;

/**
 * Asks what SSH wants to know: host keys, passphrases, passwords, second factors. Only for a terminal.
 *
 * @throws InterruptedError on ^C and ^D; what the signal says when it aborts.
 */
export const askInTerminal: Ask = async (asked, { signal }) => {
  const { above, message } = shownOf(asked);
  if (above.length > 0) writeRemark(lines(above));
  try {
    const { answer } = await question(signal, (inquirer, setting) =>
      inquirer.createPromptModule(setting)<{ answer: string }>([
        asked.echo
          ? { type: 'input', name: 'answer', message }
          : { type: 'password', name: 'answer', message, mask: '' },
      ]),
    );
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof InterruptedError)) throw error;
    // Raw mode made a key of ^C; everything else under way has to end too, before another host's question comes up.
    process.kill(process.pid, 'SIGINT');
    await heard(signal);
    throw error;
  }
};

/** Settles when the signal has aborted, soon in any case. */
async function heard(signal: AbortSignal): Promise<void> {
  try {
    await delay(heardWithinMs, undefined, { signal });
  } catch {
    // It aborted, which is what is waited for.
  }
}

/** Above the question: which host it is about, unless it says so itself, and set off from that what the host says. */
function shownOf({ kind, host, text, position }: Question): { above: string[]; message: string } {
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
