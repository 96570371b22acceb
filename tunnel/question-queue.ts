import { untilAborted } from '../base/abort.js';
import type { PausableTimeout } from './pausable-timeout.js';

/** The question itself comes last, so the end of a longer text is shown. */
const MOST_CHARACTERS = 8_000;

/** Something that only a person can answer. */
export interface Question {
  readonly kind: 'host-key' | 'passphrase' | 'password' | 'keyboard-interactive' | 'confirmation';
  /** `user@host:port`. */
  readonly host: string;
  /** What to show, perhaps several lines; without control characters. */
  readonly text: string;
  /** Whether to show the answer while it is typed. */
  readonly echo: boolean;
  /** The host's number among those of this run, from 1. */
  readonly position?: { readonly number: number; readonly of: number };
}

/**
 * Asks a person; resolves with the answer, or undefined if there is none. Never called for two questions at once. When
 * `signal` aborts, the answer is no longer needed. If it rejects, the connection attempt fails with that reason.
 */
export type Ask = (
  question: Question,
  options: { readonly signal: AbortSignal },
) => Promise<string | undefined>;

/** The attempt that a question is asked for. */
export interface Asker {
  readonly signal: AbortSignal;
  /** Pauses from when the question is queued until it is answered. */
  readonly timeLimit?: PausableTimeout | undefined;
}

/** Asks immediately, within a conversation. */
export type Put = (question: Omit<Question, 'position'>) => Promise<string | undefined>;

/**
 * The questions of all hosts of a run, asked one at a time, with answers remembered for the run. Pass the same one to
 * several tunnels as `ask`, so that they share a terminal.
 */
export class Questions {
  readonly #ask: Ask;
  readonly #hosts: string[];
  readonly #remembered = new Map<string, string | undefined>();
  #last: Promise<unknown> = Promise.resolve();

  /** @param hosts all hosts of the run as `user@host:port`, so that a question can say "host 3 of 12" */
  constructor(ask: Ask, hosts: readonly string[] = []) {
    this.#ask = ask;
    this.#hosts = [...hosts];
  }

  /** Adds hosts of the run, as `user@host:port`; known ones are not counted twice. */
  expect(hosts: readonly string[]): void {
    this.#hosts.push(...hosts.filter((host) => !this.#hosts.includes(host)));
  }

  /** Asks when it is this question's turn. An abort withdraws it. @internal */
  async ask(question: Omit<Question, 'position'>, asker: Asker): Promise<string | undefined> {
    return this.converse(asker, (put) => put(question));
  }

  /** Asks several questions with `put`, with no others in between. @internal */
  async converse<T>(asker: Asker, talk: (put: Put) => Promise<T>): Promise<T> {
    return this.#inTurn(asker, () => talk((question) => this.#put(question, asker.signal)));
  }

  /** Remembers a correct answer for later connections of this run. @internal */
  remember(topic: string, answer: string): void {
    this.#remembered.set(topic, answer);
  }

  /** Returns a remembered answer once: remember it again if it is still correct. @internal */
  recall(topic: string): string | undefined {
    const answer = this.#remembered.get(topic);
    this.#remembered.delete(topic);
    return answer;
  }

  /** Finds something out by questions, unless that was tried before in this run. @internal */
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
    // The next turn starts when this question is off the screen, even if nobody waits for its answer any more.
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

/** A host's text must not move the cursor or pass for something else. */
function withoutControlCharacters(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/[^\P{C}\n\t]/gu, '');
}
