import { visible } from '../output/escape-controls.js';
import { askQuestion } from './ask-question.js';

/**
 * Asks for a text that is not shown while it is typed, until nothing is wrong with it. Only for a terminal.
 *
 * @param problemOf what is wrong with an answer, as a sentence without any of it
 * @throws InterruptedError as {@link askQuestion}
 */
export async function askHiddenText(
  message: string,
  problemOf: (answer: string) => string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const validate = (answer: string) => {
    const problem = problemOf(answer);
    return problem === undefined ? true : visible(problem);
  };
  const { text } = await askQuestion(signal, (inquirer, setting) =>
    inquirer.createPromptModule(setting)<{ text: string }>([
      { type: 'password', name: 'text', message: visible(message), mask: '', validate },
    ]),
  );
  return text;
}
