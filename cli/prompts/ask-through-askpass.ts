import { execFile } from 'node:child_process';
import type { Log } from '../../base/log.js';
import type { Ask } from '../../tunnel/question-queue.js';
import { formatQuestion } from './format-question.js';

type Variables = Readonly<Record<string, string | undefined>>;

/** What OpenSSH takes of an answer. */
const MAX_ANSWER_BYTES = 64 * 1_024;

/**
 * The program of SSH_ASKPASS, where OpenSSH would run it: without a terminal on a graphical display, or as
 * SSH_ASKPASS_REQUIRE says (`force`, `prefer` on a display, `never`).
 */
export function askpassProgram(
  variables: Variables,
  { hasTerminal }: { readonly hasTerminal: boolean },
): string | undefined {
  const { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: required = '', DISPLAY, WAYLAND_DISPLAY } = variables;
  if (!program) return undefined;
  const hasDisplay = Boolean(DISPLAY || WAYLAND_DISPLAY);
  switch (required.toLowerCase()) {
    case 'force':
      return program;
    case 'prefer':
      return hasDisplay ? program : undefined;
    case 'never':
      return undefined;
    default:
      return hasDisplay && !hasTerminal ? program : undefined;
  }
}

/**
 * Asks through a program: it gets the question as its argument, and the first line that it prints is the answer. A
 * status other than 0 means no answer.
 */
export function askThroughAskpass(program: string, log: Log): Ask {
  return (question, { signal }) =>
    new Promise((resolve, reject) => {
      const env =
        question.kind === 'confirmation' ? { ...process.env, SSH_ASKPASS_PROMPT: 'confirm' } : process.env;
      const options = { env, signal, maxBuffer: MAX_ANSWER_BYTES };
      const { above, message } = formatQuestion(question);
      const child = execFile(program, [[...above, message].join('\n')], options, (error, stdout) => {
        if (error === null) resolve(stdout.replace(/[\r\n].*$/s, ''));
        else if (signal.aborted) reject(signal.reason);
        else {
          if (typeof error.code === 'string')
            log('warn', `Cannot run ${program} (SSH_ASKPASS): ${error.code}.`);
          resolve(undefined);
        }
      });
      child.stdin?.end();
    });
}
