import type { ServerQuirks } from './server-quirks.js';

/** A request that makes a server say something. */
export interface Probe {
  readonly name: string;
  /**
   * Sends the request; `answered` is called on any answer.
   * @returns whether it could be sent
   */
  readonly send: (answered: () => void) => boolean;
}

export interface LivenessProbeOptions {
  /** In order of preference; every SSH server should answer each. */
  readonly probes: readonly Probe[];
  /** Shared by the connections to one server. */
  readonly quirks: ServerQuirks;
  /** Called once if this server answers no probe, so its silence means nothing. */
  readonly onMute?: (() => void) | undefined;
}

/** After this many connections in a row without an answer, the server is known to give none. */
const MUTE_AFTER = 2;

/** A server that drops the connection this soon after a probe dropped it because of the probe. */
const ENDED_OVER_WITHIN_MS = 1_000;

/**
 * Probes the server of one connection with a request that this server answers: some answer no global request, some drop
 * the connection over what others merely refuse. A server that answers nothing is given up, because it may be gone, but
 * not every time: after that, its connections are left alone.
 */
export class LivenessProbe {
  readonly #questions: readonly Probe[];
  readonly #quirks: ServerQuirks;
  readonly #onMute: (() => void) | undefined;
  /** When the probes that have no answer yet were sent. */
  readonly #askedAtMs = new Map<Probe, number>();
  #answering: Probe | undefined;
  #isHeardSinceAsked = false;
  #isLeftAlone = false;

  constructor({ probes, quirks, onMute }: LivenessProbeOptions) {
    this.#questions = probes;
    this.#quirks = quirks;
    this.#onMute = onMute;
  }

  /** Whether a living server would have answered. */
  get isConclusive(): boolean {
    if (this.#answering) return true;
    return this.#candidates().length > 0 && !isMute(this.#quirks);
  }

  /** The server sent something. */
  heard(): void {
    if (this.#askedAtMs.size > 0) this.#isHeardSinceAsked = true;
  }

  /** Sends the first probe alone, early: a server that answers it needs no other when it is silent. */
  introduce(): void {
    const [first] = this.#candidates();
    if (first) this.#ask(first);
  }

  /** Probes the server. */
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

  /** The connection was given up because of silence. */
  gaveUp(): void {
    // A server that ignores a probe but sends other things is alive.
    if (this.#answering === undefined) this.#quirks.silences += this.#isHeardSinceAsked ? MUTE_AFTER : 1;
  }

  /** The server ended the connection. */
  ended(): void {
    const now = performance.now();
    for (const [{ name }, askedAtMs] of this.#askedAtMs) {
      if (now - askedAtMs < ENDED_OVER_WITHIN_MS && !this.#quirks.answers.has(name))
        this.#quirks.endsOver.add(name);
    }
  }

  #candidates(): readonly Probe[] {
    return this.#questions.filter(({ name }) => !this.#quirks.endsOver.has(name));
  }

  /** At most one answer is outstanding for each: TCP repeats what is lost, and a server that is gone needs no more. */
  #ask(question: Probe): void {
    if (this.#askedAtMs.has(question)) return;
    this.#askedAtMs.set(question, performance.now());
    if (!question.send(() => this.#onAnswer(question))) this.#askedAtMs.delete(question);
  }

  #onAnswer(question: Probe): void {
    this.#askedAtMs.delete(question);
    this.#quirks.answers.add(question.name);
    this.#quirks.silences = 0;
    const before = this.#answering ?? question;
    const isPreferred = this.#questions.indexOf(question) < this.#questions.indexOf(before);
    this.#answering = isPreferred ? question : before;
  }
}

/** Whether a server is known to answer no probe. */
export function isMute({ silences }: ServerQuirks): boolean {
  return silences >= MUTE_AFTER;
}
