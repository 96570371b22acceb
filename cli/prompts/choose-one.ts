import { visible } from '../output/escape-controls.js';
import { askQuestion } from './ask-question.js';

/** An answer, and how it is shown. */
export interface Choice {
  readonly value: string;
  readonly name: string;
}

/** Has a person choose one of several; Enter alone takes the first. Only for a terminal. @throws InterruptedError as {@link askQuestion} */
export async function chooseOne(
  message: string,
  choices: readonly Choice[],
  signal: AbortSignal,
): Promise<string> {
  const { chosen } = await askQuestion(signal, (inquirer, setting) =>
    inquirer.createPromptModule(setting)<{ chosen: string }>([
      {
        ...{ type: 'select', name: 'chosen', message: visible(message), pageSize: 12, loop: false },
        choices: choices.map(({ value, name }) => ({ value, name: visible(name) })),
      },
    ]),
  );
  return chosen;
}
