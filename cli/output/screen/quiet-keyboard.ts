import { onStatusHidden } from '../write-output.js';
import { isInForeground } from './is-in-foreground.js';

/** What a terminal in its usual mode makes of these keys. */
const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = {
  '\u0003': 'SIGINT',
  '\u001a': 'SIGTSTP',
  '\u001c': 'SIGQUIT',
};

/** How the keyboard is used while something is drawn. */
interface KeyboardOptions {
  /** Called with what was typed, but for the keys that send signals. */
  readonly onKey?: ((key: string) => void) | undefined;
  /** Called before the terminal goes to whoever takes it over. */
  readonly onSuspend: () => void;
  /** Called when it is ours again, perhaps without having been taken. */
  readonly onContinue: () => void;
}

/**
 * Keeps what is typed off the screen, where it would move what is drawn there. Ctrl-C, Ctrl-Z and Ctrl-\ do what they always do.
 * While a question is asked the keyboard is the question's.
 */
export class QuietKeyboard implements Disposable {
  readonly #options: KeyboardOptions;
  readonly #hidden: Disposable;
  #isHeld = false;

  constructor(options: KeyboardOptions) {
    this.#options = options;
    this.#hidden = onStatusHidden((isHidden) => (isHidden ? this.#release() : this.#hold()));
    process.on('SIGCONT', this.#continued);
    this.#hold();
  }

  [Symbol.dispose](): void {
    this.#hidden[Symbol.dispose]();
    process.off('SIGCONT', this.#continued);
    this.#release();
  }

  #hold(): void {
    const { stdin } = process;
    if (this.#isHeld || stdin.isTTY !== true) return;
    this.#isHeld = true;
    stdin.setRawMode(true).on('data', this.#typed).resume();
  }

  #release(): void {
    const { stdin } = process;
    if (!this.#isHeld) return;
    this.#isHeld = false;
    stdin.off('data', this.#typed).pause().setRawMode(false);
  }

  readonly #typed = (typed: Buffer | string): void => {
    for (const key of splitKeys(String(typed))) {
      const signal = SIGNALS[key];
      if (signal === undefined) this.#options.onKey?.(key);
      else this.#send(signal);
    }
  };

  /** To all that the terminal would send it to: the processes of our job. */
  #send(signal: NodeJS.Signals): void {
    if (signal !== 'SIGINT') {
      this.#release();
      this.#options.onSuspend();
    }
    process.kill(0, signal);
  }

  readonly #continued = (): void => {
    if (!isInForeground()) return;
    this.#hold();
    this.#options.onContinue();
  };
}

const KEYS = new RegExp(`${'\u001b'}[[O][0-9;]*[ -/]*[@-~]|[\\s\\S]`, 'gu');

/** Escape sequences stay whole; all else is a key for each character. */
function splitKeys(typed: string): string[] {
  return typed.match(KEYS) ?? [];
}
