import { setTimeout as delay } from 'node:timers/promises';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import type { Size } from './draw-text.js';
import type { Frame } from './draw-tour.js';
import { readScreen, type Screen } from './screen.js';

/** Printed by the shell before each prompt; a terminal ignores it. */
const PROMPT = '\\033]7777;prompt\\007';
const PROMPT_SHOWN = /\]7777;prompt/;

/** A person's shell in a terminal, with a film of what it shows. */
export class RecordedTerminal implements Disposable {
  readonly #emulator: xterm.Terminal;
  readonly #shell: IPty;
  readonly #frames: Frame[] = [];
  readonly #startedAt = performance.now();
  #written = '';
  #wake = (): void => {};

  constructor({ columns, rows }: Size, options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }) {
    this.#emulator = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    this.#shell = spawn('bash', ['--noprofile', '--norc'], {
      name: 'xterm-256color',
      cols: columns,
      rows,
      cwd: options.cwd,
      env: { ...options.env, PS1: '\\[\\e[32m\\]$\\[\\e[0m\\] ', PROMPT_COMMAND: `printf '${PROMPT}'` },
    });
    this.#emulator.onData((answer) => this.#shell.write(answer));
    this.#shell.onData((raw) => {
      // Nobody's home is a temporary directory.
      const output = raw.replaceAll(options.env['HOME'] ?? '', '/home/ann');
      this.#written += output;
      this.#emulator.write(output, () => {
        this.#frames.push({ atMs: performance.now() - this.#startedAt, screen: this.screen() });
        this.#wake();
      });
    });
  }

  screen(): Screen {
    return readScreen(this.#emulator);
  }

  /** All that it has shown so far. */
  get frames(): readonly Frame[] {
    return this.#frames;
  }

  /** Types as a person does, key by key. */
  async type(text: string): Promise<void> {
    for (const key of text) {
      this.#shell.write(key);
      await delay(25);
    }
  }

  /** Waits until something has been written since a call of {@link mark}. */
  async shows(text: RegExp, mark: number): Promise<void> {
    const deadline = AbortSignal.timeout(60_000);
    while (!text.test(this.#written.slice(mark))) {
      if (deadline.aborted)
        throw new Error(`the terminal does not show ${text}:\n${this.#written.slice(mark)}`);
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
        delay(1_000),
      ]);
    }
  }

  /** A place in what was written. */
  get mark(): number {
    return this.#written.length;
  }

  /** Waits for the prompt. */
  async ready(mark = 0): Promise<void> {
    await this.shows(PROMPT_SHOWN, mark);
    // The prompt itself follows at once.
    await delay(50);
  }

  /** Leaves the prompt alone on the screen. */
  async clear(): Promise<void> {
    this.#shell.write('\f');
    await delay(300);
  }

  /** Types a command and waits for its end; answers what it asks. */
  async run(
    command: string,
    answers: readonly (readonly [question: RegExp, answer: string])[] = [],
  ): Promise<void> {
    await this.type(command);
    let { mark } = this;
    this.#shell.write('\r');
    for (const [question, answer] of answers) {
      await this.shows(question, mark);
      await delay(700);
      mark = this.mark;
      await this.type(answer);
      this.#shell.write('\r');
    }
    await this.ready(mark);
  }

  [Symbol.dispose](): void {
    this.#shell.kill('SIGKILL');
    this.#emulator.dispose();
  }
}
