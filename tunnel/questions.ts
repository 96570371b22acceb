import { untilAborted } from '../base/abort.js';
import type { PausableTimeout } from './pausable-timeout.js';

/** What is asked comes last, so of a longer text the end is shown. */
const MOST_CHARACTERS = 8_000;

/** Something that only a person can answer. */
export interface Question {
  readonly kind: 'host-key' | 'passphrase' | 'password' | 'keyboard-interactive' | 'confirmation';
  /** `user@host:port`. */
  readonly host: string;
  /** What to show, several lines perhaps; free of control characters, whoever wrote it. */
  readonly text: string;
  /** Whether the answer may be seen while it is typed. */
  readonly echo: boolean;
  /** Where the host stands among those of this run, from 1. */
  readonly position?: { readonly number: number; readonly of: number };
}

/**
 * Asks a person and gives the answer, undefined when there is none. It is never called for two questions at once.
 * When `signal` aborts, nobody needs the answer any more. What it rejects with ends the connection asked for.
 */
export type Ask = (
  question: Question,
  options: { readonly signal: AbortSignal },
) => Promise<string | undefined>;

/** For whom a question is asked. */
export interface Asker {
  readonly signal: AbortSignal;
  /** Stands still from when the question is ready to be asked until it is answered. */
  readonly timeLimit?: PausableTimeout | undefined;
}

/** Asks at once, within one's turn. */
export type Put = (question: Omit<Question, 'position'>) => Promise<string | undefined>;

/**
 * The questions of all hosts of a run, asked one after the other. Answers that hold for the run are remembered. One is
 * given to each of several tunnels as their `ask`, so that they share a terminal.
 */
export class Questions {
  readonly #ask: Ask;
  readonly #hosts: string[];
  readonly #remembered = new Map<string, string | undefined>();
  #last: Promise<unknown> = Promise.resolve();

  /** @param hosts all hosts of the run as `user@host:port`, so that a question can say which of how many it is for */
  constructor(ask: Ask, hosts: readonly string[] = []) {
    this.#ask = ask;
    this.#hosts = [...hosts];
  }

  /** Adds hosts of the run, `user@host:port`; those that are known already count once. */
  expect(hosts: readonly string[]): void {
    this.#hosts.push(...hosts.filter((host) => !this.#hosts.includes(host)));
  }

  /** Asks when it is this question's turn. Aborting takes it back. */
  async ask(question: Omit<Question, 'position'>, asker: Asker): Promise<string | undefined> {
    return this.converse(asker, (put) => put(question));
  }

  /** Asks several questions, by `put`, without anybody else's in between. */
  async converse<T>(asker: Asker, talk: (put: Put) => Promise<T>): Promise<T> {
    return this.#inTurn(asker, () => talk((question) => this.#put(question, asker.signal)));
  }

  /** Keeps an answer that proved right, for the connections that this run makes later. */
  remember(topic: string, answer: string): void {
    this.#remembered.set(topic, answer);
  }

  /** Gives a kept answer once: whoever uses it keeps it again when it still is right. */
  recall(topic: string): string | undefined {
    const answer = this.#remembered.get(topic);
    this.#remembered.delete(topic);
    return answer;
  }

  /** Finds out something by questions, unless that was done before in this run, even in vain. */
  async once(
    topic: string,
    asker: Asker,
    findOut: (put: Put) => Promise<string | undefined>,
  ): Promise<string | undefined> {
    return this.converse(asker, async (put) => {
      if (!this.#remembered.has(topic)) this.#remembered.set(topic, await findOut(put));
      return this.#remembered.get(topic);
    });
  }

  async #inTurn<T>({ signal, timeLimit }: Asker, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const resume = timeLimit?.pause();
    const answered = this.#last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    // The next turn begins when this question is off the screen, even where nobody waits for its answer any more.
    this.#last = answered.catch(() => {});
    try {
      return await untilAborted(answered, signal);
    } finally {
      resume?.();
    }
  }

  async #put(question: Omit<Question, 'position'>, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    const of = this.#hosts.length;
    const number = this.#hosts.indexOf(question.host) + 1;
    const text = withoutControlCharacters(question.text.slice(-MOST_CHARACTERS));
    const position = of > 1 && number > 0 ? { position: { number, of } } : {};
    return this.#ask({ ...question, text, ...position }, { signal });
  }
}

/** What a host sends must not be able to move the cursor, or to pass for something else. */
function withoutControlCharacters(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/[^\P{C}\n\t]/gu, '');
}
