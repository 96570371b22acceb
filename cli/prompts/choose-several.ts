import { visible } from '../output/escape-controls.js';
import { askQuestion } from './ask-question.js';

/** Has a person mark any number of choices. Only for a terminal. @throws InterruptedError as {@link askQuestion} */
export async function chooseSeveral(
  message: string,
  choices: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const { chosen } = await askQuestion(signal, (inquirer, setting) =>
    inquirer.createPromptModule(setting)<{ chosen: string[] }>([
      {
        ...{ type: 'checkbox', name: 'chosen', message: visible(message), pageSize: 12, loop: false },
        choices: choices.map((value) => ({ value, name: visible(value) })),
      },
    ]),
  );
  return chosen;
}
