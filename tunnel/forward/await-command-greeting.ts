import { untilAborted } from '../../base/abort.js';
import type { RemoteCommand } from '../exec/remote-command.js';
import type { CommandTarget } from './forward-target.js';

/** What is kept of what a command says on its standard error, and what it may print before its greeting. */
const MOST_WORDS = 2_000;
const MOST_NOISE_BYTES = 65_536;

/** How a command goes on: it is connected, asks its question, or has ended (or will not be connected). */
export type Said = 'connected' | 'question' | 'ended';

/** A command that was started and is not connected yet. */
export class CommandOpening {
  readonly command: RemoteCommand;
  readonly #target: CommandTarget;
  readonly #ended: Promise<Said>;
  #printed = Buffer.alloc(0);
  #words = '';
  /** What it said since it was last answered. */
  #unanswered = '';
  #wake: () => void = () => {};

  constructor(command: RemoteCommand, target: CommandTarget) {
    this.command = command;
    this.#target = target;
    command.stdout.on('data', this.#onPrinted);
    command.stderr.on('data', (chunk: Buffer) => this.#onWords(String(chunk)));
    this.#ended = command.exit.then(() => 'ended' as const);
    this.#ended.catch(() => undefined);
  }

  /** The end of what it said on its standard error, without its questions. */
  get words(): string {
    const { question } = this.#target;
    return (question === undefined ? this.#words : this.#words.replaceAll(question.prompt, ' ')).trim();
  }

  /** Waits for the next thing that matters. @throws as `RemoteCommand.exit` */
  async next(signal: AbortSignal): Promise<Said> {
    for (;;) {
      const said = this.#said();
      if (said !== undefined) return said;
      const woken = new Promise<undefined>((resolve) => {
        this.#wake = () => resolve(undefined);
      });
      const ended = await untilAborted(Promise.race([woken, this.#ended]), signal);
      if (ended !== undefined) return this.#said() ?? ended;
    }
  }

  answer(line: string): void {
    this.#unanswered = '';
    this.command.stdin.write(`${line}\n`);
  }

  #said(): Said | undefined {
    const { greeting, question } = this.#target;
    const rest = afterLine(this.#printed, greeting);
    if (rest !== undefined) {
      this.#handOver(rest);
      return 'connected';
    }
    if (this.#printed.length > MOST_NOISE_BYTES) return 'ended';
    return question !== undefined && this.#unanswered.includes(question.prompt) ? 'question' : undefined;
  }

  /** What comes next is the stream. */
  #handOver(rest: Buffer): void {
    const { stdout } = this.command;
    stdout.off('data', this.#onPrinted);
    stdout.pause();
    if (rest.length > 0) stdout.unshift(rest);
    this.#printed = Buffer.alloc(0);
  }

  readonly #onPrinted = (chunk: Buffer): void => {
    this.#printed = Buffer.concat([this.#printed, chunk]);
    // Before more comes: what follows the greeting must not be taken for it.
    if (afterLine(this.#printed, this.#target.greeting) !== undefined) this.command.stdout.pause();
    this.#wake();
  };

  #onWords(text: string): void {
    this.#words = (this.#words + text).slice(-MOST_WORDS);
    this.#unanswered = (this.#unanswered + text).slice(-MOST_WORDS);
    this.#wake();
  }
}

/** What follows a line in what was printed; undefined if it is not there. */
function afterLine(printed: Buffer, line: string): Buffer | undefined {
  const wanted = Buffer.from(`${line}\n`);
  const newline = 0x0a;
  for (let at = printed.indexOf(wanted); at !== -1; at = printed.indexOf(wanted, at + 1)) {
    if (at === 0 || printed[at - 1] === newline) return printed.subarray(at + wanted.length);
  }
  return undefined;
}
