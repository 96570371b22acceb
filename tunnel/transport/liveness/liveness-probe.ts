import type { ServerQuirks } from './server-quirks.js';

/** One way to make a server say something. */
export interface Probe {
  readonly name: string;
  /**
   * Asks; `answered` is called when the server answers, whatever it answers.
   * @returns whether it could be asked just now
   */
  readonly send: (answered: () => void) => boolean;
}

export interface LivenessProbeOptions {
  /** In the order of preference; every SSH server should answer each. */
  readonly probes: readonly Probe[];
  /** Shared by the connections to one server. */
  readonly habits: ServerQuirks;
  /** Told once when this server answers no question, so that its silence says nothing. */
  readonly onMute?: (() => void) | undefined;
}

/** So many connections in a row without an answer show that the server gives none: its silence says nothing. */
const MUTE_AFTER = 2;

/** A server that ends a connection this soon after a question ended it over the question. */
const ENDED_OVER_WITHIN_MS = 1_000;

/**
 * Asks the server of one connection for a sign of life, by a question that this very server answers: some answer no
 * global request, some end the connection over what others merely refuse. One that answers nothing at all is given up,
 * for it may be gone, but not again and again: its next connection is left alone.
 */
export class LivenessProbe {
  readonly #questions: readonly Probe[];
  readonly #habits: ServerQuirks;
  readonly #onMute: (() => void) | undefined;
  /** When a question was asked that has no answer yet. */
  readonly #askedAtMs = new Map<Probe, number>();
  #answering: Probe | undefined;
  #isHeardSinceAsked = false;
  #isLeftAlone = false;

  constructor({ probes, habits, onMute }: LivenessProbeOptions) {
    this.#questions = probes;
    this.#habits = habits;
    this.#onMute = onMute;
  }

  /** Whether a living server would have answered. */
  get isConclusive(): boolean {
    if (this.#answering) return true;
    return this.#candidates().length > 0 && !isMute(this.#habits);
  }

  /** The server sent something. */
  heard(): void {
    if (this.#askedAtMs.size > 0) this.#isHeardSinceAsked = true;
  }

  /** Asks the first question alone, early: who answers it need not be asked others when it is silent. */
  introduce(): void {
    const [first] = this.#candidates();
    if (first) this.#ask(first);
  }

  /** Asks for a sign of life. */
  send(): void {
    if (this.#answering) {
      this.#ask(this.#answering);
      return;
    }
    if (!this.isConclusive && !this.#isLeftAlone) {
      this.#isLeftAlone = true;
      this.#onMute?.();
    }
    for (const question of this.#candidates()) this.#ask(question);
  }

  /** The connection was given up for silence. */
  gaveUp(): void {
    // One that lets a question lie and says other things was there.
    if (this.#answering === undefined) this.#habits.silences += this.#isHeardSinceAsked ? MUTE_AFTER : 1;
  }

  /** The server ended the connection. */
  ended(): void {
    const now = performance.now();
    for (const [{ name }, askedAtMs] of this.#askedAtMs) {
      if (now - askedAtMs < ENDED_OVER_WITHIN_MS && !this.#habits.answers.has(name))
        this.#habits.endsOver.add(name);
    }
  }

  #candidates(): readonly Probe[] {
    return this.#questions.filter(({ name }) => !this.#habits.endsOver.has(name));
  }

  /** Each has one answer outstanding at most: TCP repeats what is lost, and a server that is gone needs no more. */
  #ask(question: Probe): void {
    if (this.#askedAtMs.has(question)) return;
    this.#askedAtMs.set(question, performance.now());
    if (!question.send(() => this.#onAnswer(question))) this.#askedAtMs.delete(question);
  }

  #onAnswer(question: Probe): void {
    this.#askedAtMs.delete(question);
    this.#habits.answers.add(question.name);
    this.#habits.silences = 0;
    const before = this.#answering ?? question;
    const isPreferred = this.#questions.indexOf(question) < this.#questions.indexOf(before);
    this.#answering = isPreferred ? question : before;
  }
}

/** Whether a server is known to answer no probe. */
export function isMute({ silences }: ServerQuirks): boolean {
  return silences >= MUTE_AFTER;
}
