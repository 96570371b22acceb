import { visible } from '../output/escape-controls.js';
import { isRemarkSeen } from '../output/write-output.js';
import { askQuestion } from './ask-question.js';

/** Whether a question can be asked: both ends are a terminal. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && isRemarkSeen();
}

/**
 * Asks whether to go ahead. Only for a terminal (see {@link canAsk}): inquirer itself would read a pipe.
 *
 * @param options.byDefault the answer of Enter alone.
 * @throws InterruptedError as {@link askQuestion}
 */
export async function confirm(
  message: string,
  { signal, byDefault }: { readonly signal: AbortSignal; readonly byDefault: boolean },
): Promise<boolean> {
  const { go } = await askQuestion(signal, (inquirer, setting) =>
    inquirer.createPromptModule(setting)<{ go: boolean }>([
      { type: 'confirm', name: 'go', message: visible(message), default: byDefault },
    ]),
  );
  return go;
}
