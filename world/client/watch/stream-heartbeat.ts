import type { ConnectionProof } from '../calls/endpoint-set.js';

/** In ms. */
export interface HeartbeatTimeouts {
  /** How long the server may take to answer. */
  readonly answerMs: number;
  /** How long it may take for its first answer; default `answerMs`. */
  readonly firstAnswerMs?: number | undefined;
  /** How long the stream may be idle before it is probed. */
  readonly idleMs: number;
  /** The same while others show that the connection is alive. Default 60 s. */
  readonly provenIdleMs?: number | undefined;
}

/** Only what goes wrong with this one stream is left to find out. */
const PROVEN_IDLE_MS = 60_000;

/** What is left of the time for an answer after a longer silence, at least. */
const LEAST_ANSWER_MS = 1_000;

export interface HeartbeatOptions {
  readonly timeouts: HeartbeatTimeouts;
  /** Must send something that the server answers, and call {@link StreamHeartbeat.expect}. */
  readonly probe: () => void;
  /** Called when the server does not answer. */
  readonly giveUp: () => void;
  /** What others know of the connection. */
  readonly proof: () => ConnectionProof;
  /** The time in ms, by a clock that never jumps. Default: that of this process. */
  readonly now?: (() => number) | undefined;
}

/** Detects a dead stream from the traffic on it, because a link can die silently. */
export class StreamHeartbeat {
  readonly #options: HeartbeatOptions;
  readonly #now: () => number;
  #expecting = false;
  #hasHeard = false;
  #heardMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#heardMs = this.#now();
  }

  /** Call after sending something that the server must answer. */
  expect(): void {
    if (this.#expecting) return;
    this.#expecting = true;
    const { timeouts, proof, giveUp } = this.#options;
    const { answerMs, firstAnswerMs = answerMs, idleMs } = timeouts;
    // However late it is probed, a server that is gone is left after the same time.
    const silentMs = this.#now() - Math.max(this.#heardMs, proof().atMs);
    const leftMs = Math.max(Math.min(answerMs, LEAST_ANSWER_MS), answerMs - Math.max(0, silentMs - idleMs));
    this.#wait(this.#hasHeard ? leftMs : firstAnswerMs, giveUp);
  }

  /** Call for each message. @param expecting whether another answer is still due. */
  heard(expecting: boolean): void {
    const { timeouts, giveUp } = this.#options;
    this.#hasHeard = true;
    this.#heardMs = this.#now();
    this.#expecting = expecting;
    if (expecting) this.#wait(timeouts.answerMs, giveUp);
    else this.#wait(timeouts.idleMs, () => this.#idle());
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** It has been silent; while the connection is known to be alive, that is enough. */
  #idle(): void {
    const { timeouts, proof, probe } = this.#options;
    const { provenIdleMs = PROVEN_IDLE_MS } = timeouts;
    const restMs = Math.min(proof().untilMs, this.#heardMs + provenIdleMs) - this.#now();
    if (restMs > 0) this.#wait(restMs, () => this.#idle());
    else probe();
  }

  #wait(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }
}
