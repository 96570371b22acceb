import type { Key } from 'node:readline';
import { InterruptedError } from '../errors.js';
import { whileAsking } from '../output/hold-stderr-while-asking.js';
import { questionOutput } from '../output/write-output.js';

type Inquirer = typeof import('inquirer').default;

/** For inquirer's `createPromptModule`. */
interface Setting {
  readonly signal: AbortSignal;
  readonly output: NodeJS.WriteStream;
}

/**
 * Asks one question on the terminal. Ctrl-D counts as Ctrl-C, wherever in the line it is typed.
 *
 * @throws InterruptedError on Ctrl-C and Ctrl-D, which raw mode turns into keys, and when the terminal goes away; the
 * signal's reason when it aborts.
 */
export async function askQuestion<T>(
  signal: AbortSignal,
  put: (inquirer: Inquirer, setting: Setting) => Promise<T>,
): Promise<T> {
  const { default: inquirer } = await import('inquirer');
  signal.throwIfAborted();
  const cancel = new AbortController();
  const ended = () => cancel.abort(new InterruptedError('SIGINT'));
  const pressed = (_: string | undefined, key: Key) => {
    if (key.ctrl === true && key.name === 'd') ended();
  };
  process.stdin.on('keypress', pressed).on('end', ended);
  try {
    const setting = { signal: AbortSignal.any([signal, cancel.signal]), output: questionOutput() };
    return await whileAsking(() => put(inquirer, setting));
  } catch (error) {
    signal.throwIfAborted();
    const { name } = error as Error;
    if (name === 'ExitPromptError' || name === 'AbortPromptError') throw new InterruptedError('SIGINT');
    throw error;
  } finally {
    process.stdin.off('keypress', pressed).off('end', ended);
  }
}
