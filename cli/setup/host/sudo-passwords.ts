import { readFile } from 'node:fs/promises';
import type { Questions } from '../../../tunnel/question-queue.js';
import { CliError } from '../../errors.js';
import { explainFileError } from '../../system/explain-file-error.js';

const MOST_TRIES = 3;

/** Whose password it is. */
export interface SudoUser {
  /** The host in the fleet. */
  readonly host: string;
  readonly user: string;
  /** Whether sudo takes the password. */
  readonly verify: (password: string) => Promise<boolean>;
}

/**
 * The passwords that sudo asks for, one for all hosts as long as it is right there; never in an argument, a log or an error.
 */
export class SudoPasswords {
  readonly #questions: Questions | undefined;
  readonly #file: string | undefined;
  readonly #otherwise: string;
  /** The last one that was right somewhere. */
  #known: string | undefined;

  /**
   * @param questions whom to ask; undefined without a terminal
   * @param file one line, which counts instead of asking
   * @param otherwise what to do where nobody can be asked, to follow a colon
   */
  constructor(
    questions: Questions | undefined,
    file: string | undefined,
    otherwise = 'pass --sudo-password-file FILE',
  ) {
    this.#questions = questions;
    this.#file = file;
    this.#otherwise = otherwise;
  }

  /** @throws CliError `no-sudo` where nobody can be asked, or no answer was right; `usage` for a file that cannot be read */
  async passwordFor(sudoer: SudoUser, signal: AbortSignal): Promise<string> {
    if (this.#file !== undefined) return this.#fromFile(sudoer, this.#file);
    const questions = this.#questions;
    if (questions === undefined) {
      const message = `sudo asks ${sudoer.user} for a password on ${sudoer.host}, and there is no terminal to ask on: ${this.#otherwise}.`;
      throw new CliError('no-sudo', message);
    }
    return questions.converse({ signal }, async (put) => {
      if (this.#known !== undefined && (await sudoer.verify(this.#known))) return this.#known;
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const place = `${sudoer.user}@${sudoer.host}`;
        const text = `${tries === 0 ? '' : 'That was not the password. '}Password of ${place} for sudo:`;
        const answer = await put({ kind: 'password', host: place, text, echo: false });
        if (answer === undefined) break;
        if (!(await sudoer.verify(answer))) continue;
        this.#known = answer;
        return answer;
      }
      throw isWrong(sudoer);
    });
  }

  async #fromFile(sudoer: SudoUser, file: string): Promise<string> {
    this.#known ??= await readPassword(file);
    if (await sudoer.verify(this.#known)) return this.#known;
    throw isWrong(sudoer, ` in ${file}`);
  }
}

async function readPassword(file: string): Promise<string> {
  try {
    const [line = ''] = (await readFile(file, 'utf8')).split(/\r?\n/);
    return line;
  } catch (error) {
    throw new CliError('usage', `Cannot read ${file}: ${explainFileError(error)}.`, { cause: error });
  }
}

function isWrong({ user, host }: SudoUser, where = ''): CliError {
  const message = `sudo on ${host} does not take the password of ${user}${where}, or does not let ${user} be root. Try "sudo -v" there.`;
  return new CliError('no-sudo', message);
}
