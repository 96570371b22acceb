/** How long a server may take to answer, and how long it may say nothing before it is asked for a sign of life. */
export interface HeartbeatTimeouts {
  readonly answerMs: number;
  /** For its very first answer; default `answerMs`. */
  readonly firstAnswerMs?: number | undefined;
  readonly idleMs: number;
}

/** Tells from what is sent and heard whether a stream still lives: a link may be dead without saying so. */
export class StreamHeartbeat {
  readonly #timeouts: HeartbeatTimeouts;
  readonly #ask: () => void;
  readonly #giveUp: () => void;
  #expecting = false;
  #hasHeard = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param ask must send something that is answered, and say so with {@link expect}. */
  constructor(timeouts: HeartbeatTimeouts, ask: () => void, giveUp: () => void) {
    this.#timeouts = timeouts;
    this.#ask = ask;
    this.#giveUp = giveUp;
  }

  /** Something was sent that the server must answer. */
  expect(): void {
    if (this.#expecting) return;
    this.#expecting = true;
    const { answerMs, firstAnswerMs = answerMs } = this.#timeouts;
    this.#wait(this.#hasHeard ? answerMs : firstAnswerMs, this.#giveUp);
  }

  /** Something came. @param expecting whether an answer is still to come. */
  heard(expecting: boolean): void {
    this.#hasHeard = true;
    this.#expecting = expecting;
    if (expecting) this.#wait(this.#timeouts.answerMs, this.#giveUp);
    else this.#wait(this.#timeouts.idleMs, this.#ask);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }
}
