import type { KeyboardInteractiveCallback, Prompt } from 'ssh2';
import { formatDestination } from '../../../parse-destination.js';
import type { AuthMethod, ResolvedDestination } from '../../../ssh-config/resolved-destination.js';
import { noAnswer } from '../../link-errors.js';
import type { LoginMethod, LoginOptions } from './login-method.js';

/** How often each method may be tried, as with OpenSSH. */
const TRIES = 3;

/** Login methods that need a person: keyboard-interactive (mostly second factors) and passwords. */
export class InteractiveMethods {
  readonly #destination: ResolvedDestination;
  readonly #options: LoginOptions;
  readonly #triesLeft = new Map<AuthMethod, number>();
  #password: string | undefined;
  #hasAnswered = false;

  constructor(destination: ResolvedDestination, options: LoginOptions) {
    this.#destination = destination;
    this.#options = options;
    if (destination.batchMode || options.questions === undefined) return;
    for (const method of destination.authMethods) {
      if (method !== 'publickey') this.#triesLeft.set(method, TRIES);
    }
  }

  /** The methods with tries left, or that had some. */
  get methods(): readonly AuthMethod[] {
    return [...this.#triesLeft.keys()];
  }

  /** Whether a person's answer was sent. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** Login succeeded: remembers the password for reconnecting. */
  succeeded(): void {
    if (this.#password !== undefined) this.#options.questions?.remember(this.#topic, this.#password);
  }

  /** The next try of a method that the host accepts; undefined when none is left, or the person gives no answer. */
  async next(name: AuthMethod, accepts: readonly string[]): Promise<LoginMethod | undefined> {
    this.#password = undefined;
    const left = this.#triesLeft.get(name) ?? 0;
    if (left === 0 || !accepts.includes(name)) return undefined;
    this.#triesLeft.set(name, left - 1);
    return name === 'password' ? this.#askPassword(left === TRIES) : this.#keyboardInteractive();
  }

  #keyboardInteractive(): LoginMethod {
    const name = 'keyboard-interactive';
    const prompt = (
      title: string,
      instructions: string,
      _language: string,
      prompts: Prompt[],
      finish: KeyboardInteractiveCallback,
    ) => {
      this.#answerAll(prompts, [title, instructions]).then(
        (answers) => {
          // sshd hangs up on fewer answers than it asked for, and nobody knows what an empty one would mean.
          if (answers === undefined) this.#options.onFailed(noAnswer(this.#host, name));
          else if (!this.#options.signal.aborted) {
            this.#hasAnswered ||= answers.length > 0;
            finish(answers);
          }
        },
        (reason: unknown) => this.#options.onFailed(reason),
      );
    };
    return { name, method: { type: name, username: this.#destination.user, prompt } };
  }

  /** Shows what the host said above its first prompt together with it. */
  async #answerAll(prompts: readonly Prompt[], above: readonly string[]): Promise<string[] | undefined> {
    return this.#options.questions?.converse(this.#options, async (put) => {
      const answers: string[] = [];
      let lines = above.filter((line) => line.trim() !== '');
      for (const { prompt, echo = false } of prompts) {
        const text = [...lines, prompt].join('\n');
        const answer = await put({ kind: 'keyboard-interactive', host: this.#host, text, echo });
        if (answer === undefined) return undefined;
        answers.push(answer);
        lines = [];
      }
      return answers;
    });
  }

  get #host(): string {
    return formatDestination(this.#destination);
  }

  get #topic(): string {
    return `password ${this.#host}`;
  }

  async #askPassword(isFirst: boolean): Promise<LoginMethod | undefined> {
    const { user, alias } = this.#destination;
    const text = `${isFirst ? '' : 'Permission denied, please try again. '}${user}@${alias}'s password: `;
    const question = { kind: 'password', host: this.#host, text, echo: false } as const;
    const { questions } = this.#options;
    const password = questions?.recall(this.#topic) ?? (await questions?.ask(question, this.#options));
    if (!password) {
      this.#triesLeft.set('password', 0);
      return undefined;
    }
    this.#password = password;
    this.#hasAnswered = true;
    return { name: 'password', method: { type: 'password', username: user, password } };
  }
}
