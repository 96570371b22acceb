import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../base/log.js';
import type { Ask } from '../../tunnel/question-queue.js';
import { InterruptedError } from '../errors.js';
import { lines } from '../output/escaped-lines.js';
import { writeRemark } from '../output/write-output.js';
import { askQuestion } from './ask-question.js';
import { askpassProgram, askThroughAskpass } from './ask-through-askpass.js';
import { canAsk } from './confirm.js';
import { formatQuestion } from './format-question.js';

const SIGNAL_TIMEOUT_MS = 1_000;

/**
 * Asks what SSH wants to know: host keys, passphrases, passwords, second factors. Only for a terminal.
 *
 * @throws InterruptedError on Ctrl-C and Ctrl-D; the signal's reason when it aborts.
 */
export const askInTerminal: Ask = async (asked, { signal }) => {
  const { above, message } = formatQuestion(asked);
  if (above.length > 0) writeRemark(lines(above));
  try {
    const { answer } = await askQuestion(signal, (inquirer, setting) =>
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
    // Raw mode turned Ctrl-C into a key: everything else has to stop too, before another host's question comes up.
    process.kill(process.pid, 'SIGINT');
    await untilAborted(signal);
    throw error;
  }
};

/** Settles when the signal has aborted, soon in any case. */
async function untilAborted(signal: AbortSignal): Promise<void> {
  try {
    await delay(SIGNAL_TIMEOUT_MS, undefined, { signal });
  } catch {
    // It aborted, as expected.
  }
}

/** How SSH's questions reach the person: through the program of SSH_ASKPASS if it applies, else on the terminal. */
export function askFor(
  {
    canAsk: mayPrompt = false,
    isUnattended = false,
  }: { canAsk?: boolean | undefined; isUnattended?: boolean | undefined },
  log: Log,
): Ask | undefined {
  const program = askpassProgram(process.env, { hasTerminal: canAsk() });
  if (program === undefined) return mayPrompt ? askInTerminal : undefined;
  const ask = askThroughAskpass(program, log);
  // With --yes nobody decides whom to trust: unknown hosts are refused.
  return async (question, options) =>
    isUnattended && question.kind === 'host-key' ? undefined : ask(question, options);
}
