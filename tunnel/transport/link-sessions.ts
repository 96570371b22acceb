import { pause } from '../../base/abort.js';
import { NoSessionError, type RemoteCommand } from '../exec/remote-command.js';
import type { ServerQuirks } from './liveness/server-quirks.js';

/** A server that drops the connection this soon after a session dropped it because of the session. */
const DROPPED_WITHIN_MS = 1_000;

/** A connection that outlives its session by this much proves that the server does no such thing. */
const TOLERATED_AFTER_MS = 5_000;

/** This many connections in a row, each lost within this time and without any session, mean that the network is to blame. */
const NETWORK_TO_BLAME = { losses: 3, withinMs: 5_000 };

/** How long the warm-up session may delay commands from its start, and a command that got no session because of it. */
const WARM_UP_DELAYS = { beforeCommandMs: 1_000, afterRefusalMs: 5_000 };

/**
 * The first pause before a server that had no session for a command is asked again: sshd frees a session a moment after
 * both sides have closed it.
 */
const FIRST_RETRY_AFTER_MS = 10;

/**
 * Runs the warm-up session; resolves when it was refused or is over, also by the end of the connection, with whether there
 * was one. An implementation that delays it must ask whether it may still start.
 */
export type RunWarmUp = (mayStart: () => boolean) => Promise<boolean>;

/** The command of the warm-up session. */
export const WARM_UP_COMMAND = 'exec true';

/**
 * The sessions of one connection: those of commands, and a warm-up session for the sake of its channels. sshd turns off
 * Nagle's algorithm on its side only when a session starts; until then every small packet of a forward is delayed by about
 * 40 ms.
 *
 * The warm-up session must do no harm. It runs for channels only, because a connection used for commands has sessions
 * anyway; no command runs beside it, because some servers allow one session per connection, and Dropbear before 2024.86
 * closes a session that was just opened when another one's command ends; a command that was refused because of it is
 * retried; and a server that drops the connection because of it never gets one again.
 */
export class LinkSessions {
  readonly #quirks: ServerQuirks;
  readonly #run: RunWarmUp;
  readonly #madeAtMs = performance.now();
  readonly #ended = new AbortController();
  /** Resolves when the warm-up session is over. */
  #warmUp: Promise<void> | undefined;
  #warmUpStartedAtMs = 0;
  #isWarmUpOver = false;
  #warmUpEndedAtMs = Number.POSITIVE_INFINITY;
  #isCommandAsked = false;
  /** Commands that were sent and have not started. */
  #starting = 0;
  #hasStarted = false;
  /** When the last session of either kind was over. */
  #overAtMs = Number.NEGATIVE_INFINITY;

  /** @param run runs the warm-up session */
  constructor(quirks: ServerQuirks, run: RunWarmUp) {
    this.#quirks = quirks;
    this.#run = run;
  }

  /** Starts the warm-up session, unless another session was or is about to be started, or the server must not get one. */
  expectChannels(): void {
    if (this.#warmUp || this.#hasOther() || this.#quirks.endsOverSession) return;
    let isStarted = true;
    const mayStart = () => {
      isStarted = !this.#hasOther();
      return isStarted;
    };
    this.#warmUpStartedAtMs = performance.now();
    this.#isWarmUpOver = false;
    this.#warmUp = this.#run(mayStart).then((wasSession) => {
      this.#isWarmUpOver = true;
      if (!isStarted) this.#warmUp = undefined;
      this.#warmUpEndedAtMs = performance.now();
      if (wasSession) this.#overAtMs = this.#warmUpEndedAtMs;
    });
  }

  /**
   * Starts a command. It is retried if it got no session, perhaps because another one had only just ended: sshd has room a
   * moment later, and a server with one session per connection ends the connection, as `ask` then reports.
   */
  async command(
    ask: () => Promise<RemoteCommand>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<RemoteCommand> {
    this.#isCommandAsked = true;
    this.#starting += 1;
    try {
      const waitsForMs = this.#warmUpStartedAtMs + WARM_UP_DELAYS.beforeCommandMs - performance.now();
      if (this.#isWarmUpRunning() && waitsForMs > 0) await this.#wait(waitsForMs, signal);
      return await this.#retryForRoom(ask, signal);
    } finally {
      this.#starting -= 1;
    }
  }

  /** The connection is gone. */
  ended(): void {
    this.#ended.abort();
  }

  /**
   * Learns from a connection that the server or the network ended.
   * @returns whether the warm-up session is to blame
   */
  recordEnd(): boolean {
    const now = performance.now();
    if (this.#warmUp !== undefined) return this.#recordEndAfterWarmUp(now);
    const isShort = now - this.#madeAtMs < NETWORK_TO_BLAME.withinMs;
    const isBlameless = !this.#isCommandAsked && isShort;
    this.#quirks.lossesWithoutSession = isBlameless ? this.#quirks.lossesWithoutSession + 1 : 0;
    if (this.#quirks.lossesWithoutSession >= NETWORK_TO_BLAME.losses) this.#quirks.endsOverSession = false;
    return false;
  }

  #recordEndAfterWarmUp(now: number): boolean {
    const outlivedByMs = this.#isWarmUpOver ? now - this.#warmUpEndedAtMs : 0;
    if (outlivedByMs >= TOLERATED_AFTER_MS) this.#quirks.toleratesSessions = true;
    if (this.#quirks.toleratesSessions || outlivedByMs >= DROPPED_WITHIN_MS) return false;
    this.#quirks.endsOverSession = true;
    this.#quirks.lossesWithoutSession = 0;
    return true;
  }

  async #retryForRoom(ask: () => Promise<RemoteCommand>, signal: AbortSignal): Promise<RemoteCommand> {
    for (let pauseMs = FIRST_RETRY_AFTER_MS; ; pauseMs *= 2) {
      const askedAtMs = performance.now();
      const wasBesideWarmUp = this.#isWarmUpRunning();
      try {
        return await this.#follow(ask);
      } catch (error) {
        // What counts is when it was sent: under load the answer may take long.
        const wasJustOver = askedAtMs - this.#overAtMs < DROPPED_WITHIN_MS;
        if (!(error instanceof NoSessionError) || !(wasBesideWarmUp || wasJustOver)) throw error;
        if (this.#isWarmUpRunning()) await this.#wait(WARM_UP_DELAYS.afterRefusalMs, signal);
        // A session that never ends is not waited for again.
        if (this.#isWarmUpRunning()) throw error;
        await this.#wait(pauseMs, signal);
      }
    }
  }

  /** Whether a command has started a session, or is about to. */
  #hasOther(): boolean {
    return this.#hasStarted || this.#starting > 0;
  }

  #isWarmUpRunning(): boolean {
    return this.#warmUp !== undefined && !this.#isWarmUpOver;
  }

  /** Resolves after a time, or as soon as the warm-up session or the connection is over. */
  async #wait(forMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    if (this.#isWarmUpRunning()) void this.#warmUp?.then(() => over.abort());
    await pause(forMs, over.signal, this.#ended.signal, signal);
    signal.throwIfAborted();
  }

  async #follow(ask: () => Promise<RemoteCommand>): Promise<RemoteCommand> {
    const command = await ask();
    this.#hasStarted = true;
    const over = () => {
      this.#overAtMs = performance.now();
    };
    void command.exit.then(over, over);
    return command;
  }
}
