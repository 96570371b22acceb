import { visible } from '../output/escape-controls.js';
import { askQuestion } from './ask-question.js';

/** How to ask for a text. */
interface TextOptions {
  readonly signal: AbortSignal;
  /** The answer of Enter alone; default an empty text. */
  readonly byDefault?: string;
  /** What is wrong with an answer, as a sentence; undefined if nothing is. It is asked for again then. */
  readonly problemOf: (answer: string) => string | undefined;
}

/** Asks for a line of text until nothing is wrong with it. Only for a terminal. @throws InterruptedError as {@link askQuestion} */
export async function askText(
  message: string,
  { signal, byDefault, problemOf }: TextOptions,
): Promise<string> {
  const validate = (answer: string) => {
    const problem = problemOf(answer.trim());
    return problem === undefined ? true : visible(problem);
  };
  const { text } = await askQuestion(signal, (inquirer, setting) =>
    inquirer.createPromptModule(setting)<{ text: string }>([
      {
        ...{ type: 'input', name: 'text', message: visible(message), validate },
        ...(byDefault === undefined ? {} : { default: visible(byDefault) }),
      },
    ]),
  );
  return text.trim();
}
