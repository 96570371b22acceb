/** In ms. */
export interface HeartbeatTimeouts {
  /** How long the server may take to answer. */
  readonly answerMs: number;
  /** How long it may take for its first answer; default `answerMs`. */
  readonly firstAnswerMs?: number | undefined;
  /** How long the stream may be idle before it is probed. */
  readonly idleMs: number;
}

/** Detects a dead stream from the traffic on it, because a link can die silently. */
export class StreamHeartbeat {
  readonly #timeouts: HeartbeatTimeouts;
  readonly #probe: () => void;
  readonly #giveUp: () => void;
  #expecting = false;
  #hasHeard = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param probe must send something that the server answers, and call {@link expect}. */
  constructor(timeouts: HeartbeatTimeouts, probe: () => void, giveUp: () => void) {
    this.#timeouts = timeouts;
    this.#probe = probe;
    this.#giveUp = giveUp;
  }

  /** Call after sending something that the server must answer. */
  expect(): void {
    if (this.#expecting) return;
    this.#expecting = true;
    const { answerMs, firstAnswerMs = answerMs } = this.#timeouts;
    this.#wait(this.#hasHeard ? answerMs : firstAnswerMs, this.#giveUp);
  }

  /** Call for each message. @param expecting whether another answer is still due. */
  heard(expecting: boolean): void {
    this.#hasHeard = true;
    this.#expecting = expecting;
    if (expecting) this.#wait(this.#timeouts.answerMs, this.#giveUp);
    else this.#wait(this.#timeouts.idleMs, this.#probe);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }
}
