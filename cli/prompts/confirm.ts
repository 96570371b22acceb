import { InterruptedError } from '../errors.js';
import { isRemarkSeen, questionOutput } from '../output/door.js';
import { visible } from '../output/visible.js';
import { whileAsking } from '../stderr.js';

/** Whether a question can be asked: both ends are a terminal. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && isRemarkSeen();
}

/**
 * Asks whether to go ahead. Only for a terminal (see {@link canAsk}): inquirer itself would read a pipe.
 *
 * @param options.byDefault what Enter alone says.
 * @throws InterruptedError on ^C, which raw mode turns into a key, and when the signal aborts.
 */
export async function confirm(
  question: string,
  { signal, byDefault }: { readonly signal: AbortSignal; readonly byDefault: boolean },
): Promise<boolean> {
  const { default: inquirer } = await import('inquirer');
  const ask = inquirer.createPromptModule({ signal, output: questionOutput() });
  try {
    const { go } = await whileAsking(() =>
      ask<{ go: boolean }>([{ type: 'confirm', name: 'go', message: visible(question), default: byDefault }]),
    );
    return go;
  } catch (error) {
    const { name } = error as Error;
    if (name === 'ExitPromptError' || name === 'AbortPromptError') {
      throw signal.aborted ? signal.reason : new InterruptedError('SIGINT');
    }
    throw error;
  }
}
