/** A source of time, which tests replace. */
export interface Clock {
  /** Stops while the machine sleeps. */
  readonly monotonicMs: () => number;
  /** Continues while the machine sleeps. */
  readonly wallMs: () => number;
  /** Calls back periodically until the returned function is called. */
  readonly every: (intervalMs: number, look: () => void) => () => void;
}

export interface KeepaliveOptions {
  /** How much silence is probed, and how long a probe may take. */
  readonly intervalMs: number;
  /** How many probes in a row may go unanswered. */
  readonly countMax: number;
  /** Called once, soon after the start, to learn early what the peer answers. */
  readonly firstProbe?: (() => void) | undefined;
  /** Whether a living peer would have answered; the silence of a peer that answers nothing means nothing. Default always. */
  readonly isConclusive?: (() => boolean) | undefined;
  /** Sends something that a living peer answers; report the answer with {@link Keepalive.heard}. */
  readonly probe: () => void;
  /** A probe went unanswered or the machine just woke, so the peer may be gone; `false` when it is heard again. */
  readonly onDoubt?: ((isInDoubt: boolean) => void) | undefined;
  /** The peer counts as dead. Called once, and last. */
  readonly onSilent: () => void;
  readonly clock?: Clock | undefined;
}

const SYSTEM_CLOCK: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  every: (intervalMs, look) => {
    const timer = setInterval(look, intervalMs);
    return () => clearInterval(timer);
  },
};

/** The longest time between two looks at the clocks: how soon waking from sleep is noticed. */
const LOOK_EVERY_MS = 1_000;

/** Clocks that diverge by more than this mean that the machine slept (or its clock was set: a probe does no harm). */
const SLEPT_AFTER_MS = 2_000;

/** How long a peer may take to answer the first probe after sleep; by then most connections are dead. */
const WAKE_TIMEOUT_MS = 3_000;

/**
 * Notices a peer that is gone. Anything that it sends counts as life; only silence is probed. The peer is given up
 * `intervalMs × (countMax + 1)` after it was last heard, and sooner after the machine woke from sleep.
 */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  readonly #clock: Clock;
  readonly #stopLooking: () => void;
  #lookedAt: { readonly monotonicMs: number; readonly wallMs: number };
  /** When the next probe, or the end, is due. */
  #dueAtMs: number;
  #unanswered = 0;
  #isIntroduced = false;
  #wokenUp = false;
  #isInDoubt = false;

  constructor(options: KeepaliveOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#lookedAt = this.#now();
    this.#dueAtMs = this.#lookedAt.monotonicMs + options.intervalMs;
    const lookEveryMs = Math.min(LOOK_EVERY_MS, options.intervalMs / 2);
    this.#stopLooking = this.#clock.every(lookEveryMs, () => this.#look());
  }

  /** The peer sent something. */
  heard(): void {
    this.#unanswered = 0;
    this.#wokenUp = false;
    this.#dueAtMs = this.#clock.monotonicMs() + this.#options.intervalMs;
    this.#doubt(false);
  }

  close(): void {
    this.#stopLooking();
  }

  #look(): void {
    const before = this.#lookedAt;
    const now = this.#now();
    this.#lookedAt = now;
    if (!this.#isIntroduced) this.#options.firstProbe?.();
    this.#isIntroduced = true;
    const passedMs = now.monotonicMs - before.monotonicMs;
    const hasSlept = now.wallMs - before.wallMs - passedMs > SLEPT_AFTER_MS;
    // This process was stopped: what the peer sent meanwhile has not been read yet.
    const hasStood = passedMs > this.#options.intervalMs + LOOK_EVERY_MS;
    if (hasStood) this.#dueAtMs = now.monotonicMs + this.#options.intervalMs;
    if (hasSlept) this.#onWake(now.monotonicMs);
    else if (now.monotonicMs >= this.#dueAtMs) this.#onSilence(now.monotonicMs);
  }

  #onSilence(nowMs: number): void {
    if (!this.#isTelling()) {
      this.#dueAtMs = nowMs + this.#options.intervalMs;
      this.#options.probe();
      return;
    }
    if (this.#wokenUp || this.#unanswered >= this.#options.countMax) {
      this.close();
      this.#options.onSilent();
      return;
    }
    if (this.#unanswered > 0) this.#doubt(true);
    this.#unanswered += 1;
    this.#dueAtMs = nowMs + this.#options.intervalMs;
    this.#options.probe();
  }

  #onWake(nowMs: number): void {
    if (!this.#isTelling()) return;
    this.#wokenUp = true;
    this.#dueAtMs =
      nowMs + Math.min(WAKE_TIMEOUT_MS, this.#options.intervalMs * (this.#options.countMax + 1));
    this.#options.probe();
    this.#doubt(true);
  }

  #isTelling(): boolean {
    return this.#options.isConclusive?.() ?? true;
  }

  #doubt(isInDoubt: boolean): void {
    if (isInDoubt === this.#isInDoubt) return;
    this.#isInDoubt = isInDoubt;
    this.#options.onDoubt?.(isInDoubt);
  }

  #now(): { readonly monotonicMs: number; readonly wallMs: number } {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.wallMs() };
  }
}
