import { pause } from '../../base/abort.js';
import { NoSessionError, type RemoteCommand } from '../exec/remote-command.js';
import type { ServerQuirks } from './liveness/server-quirks.js';

/** A server that ends a connection this soon after a session ended it with the session. */
const ENDS_WITHIN_MS = 1_000;

/** A connection that outlived its session by so much shows that the server does no such thing. */
const BEARS_AFTER_MS = 5_000;

/** So many connections in a row that were lost sooner than this, without any session, show that the network is to blame. */
const EXONERATING = { losses: 3, withinMs: 5_000 };

/** How long the throw-away session may hold up commands from its start, and one that got no session beside it. */
const WAITS_FOR_THROW_AWAY = { politelyMs: 1_000, refusedMs: 5_000 };

/**
 * A server that had no session for a command is asked again so soon at first: sshd frees a session a moment after both
 * sides have closed it.
 */
const ASKS_AGAIN_AFTER_MS = 10;

/**
 * Starts the throw-away session; settles when it was refused or is over, also by the connection's end, with whether there
 * was one. Who puts it off asks whether it may still start.
 */
export type RunWarmUp = (mayStart: () => boolean) => Promise<boolean>;

/** What the throw-away session runs. */
export const WARM_UP_COMMAND = 'exec true';

/**
 * The sessions of one connection: those of the commands asked for, and one for its channels' sake of which nothing is
 * wanted. sshd switches Nagle's algorithm off on its side only when a session starts, and without that every small
 * packet of a forward waits some 40 ms.
 *
 * The throw-away session must cost nobody anything. It is started for channels only, because a connection used for
 * commands has sessions anyway; no command is asked for beside it, because some servers have one session for a
 * connection, and Dropbear before 2024.86 closes a session that was just opened when another one's command ends; a
 * command that was refused because of it is asked for again; and a server that ends the connection over it is never
 * asked for one again.
 */
export class LinkSessions {
  readonly #habits: ServerQuirks;
  readonly #run: RunWarmUp;
  readonly #madeAtMs = performance.now();
  readonly #ended = new AbortController();
  /** Settles when the throw-away session is over. */
  #throwAway: Promise<void> | undefined;
  #throwAwaySinceMs = 0;
  #isThrowAwayOver = false;
  #throwAwayOverAtMs = Number.POSITIVE_INFINITY;
  #isCommandAsked = false;
  /** Commands that were asked for and have not begun. */
  #beginning = 0;
  #hasStarted = false;
  /** When the last session of either kind was over. */
  #overAtMs = Number.NEGATIVE_INFINITY;

  /** @param run starts the throw-away session */
  constructor(habits: ServerQuirks, run: RunWarmUp) {
    this.#habits = habits;
    this.#run = run;
  }

  /** Starts the throw-away session, unless some session was started or is about to be, or none may be. */
  expectChannels(): void {
    if (this.#throwAway || this.#hasOther() || this.#habits.endsOverSession) return;
    let isStarted = true;
    const mayStart = () => {
      isStarted = !this.#hasOther();
      return isStarted;
    };
    this.#throwAwaySinceMs = performance.now();
    this.#isThrowAwayOver = false;
    this.#throwAway = this.#run(mayStart).then((wasSession) => {
      this.#isThrowAwayOver = true;
      if (!isStarted) this.#throwAway = undefined;
      this.#throwAwayOverAtMs = performance.now();
      if (wasSession) this.#overAtMs = this.#throwAwayOverAtMs;
    });
  }

  /**
   * Starts a command. While one that got no session may have been late for the end of another one, it is asked for
   * again: sshd has the room a moment later, and a server of one session a connection ends that, which `ask` then tells.
   */
  async command(
    ask: () => Promise<RemoteCommand>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<RemoteCommand> {
    this.#isCommandAsked = true;
    this.#beginning += 1;
    try {
      const waitsForMs = this.#throwAwaySinceMs + WAITS_FOR_THROW_AWAY.politelyMs - performance.now();
      if (this.#isThrowAwayOn() && waitsForMs > 0) await this.#wait(waitsForMs, signal);
      return await this.#untilThereIsRoom(ask, signal);
    } finally {
      this.#beginning -= 1;
    }
  }

  /** The connection is gone. */
  ended(): void {
    this.#ended.abort();
  }

  /**
   * Judges a connection that the server ended, or the network.
   * @returns whether that is put down to the throw-away session
   */
  recordEnd(): boolean {
    const now = performance.now();
    if (this.#throwAway !== undefined) return this.#judgeThrowAway(now);
    const isShort = now - this.#madeAtMs < EXONERATING.withinMs;
    const isBlameless = !this.#isCommandAsked && isShort;
    this.#habits.lossesWithoutSession = isBlameless ? this.#habits.lossesWithoutSession + 1 : 0;
    if (this.#habits.lossesWithoutSession >= EXONERATING.losses) this.#habits.endsOverSession = false;
    return false;
  }

  #judgeThrowAway(now: number): boolean {
    const outlivedMs = this.#isThrowAwayOver ? now - this.#throwAwayOverAtMs : 0;
    if (outlivedMs >= BEARS_AFTER_MS) this.#habits.toleratesSessions = true;
    if (this.#habits.toleratesSessions || outlivedMs >= ENDS_WITHIN_MS) return false;
    this.#habits.endsOverSession = true;
    this.#habits.lossesWithoutSession = 0;
    return true;
  }

  async #untilThereIsRoom(ask: () => Promise<RemoteCommand>, signal: AbortSignal): Promise<RemoteCommand> {
    for (let pauseMs = ASKS_AGAIN_AFTER_MS; ; pauseMs *= 2) {
      const askedAtMs = performance.now();
      const wasBesideThrowAway = this.#isThrowAwayOn();
      try {
        return await this.#follow(ask);
      } catch (error) {
        // What counts is when it was asked for: under load the answer may be long in coming.
        const wasJustOver = askedAtMs - this.#overAtMs < ENDS_WITHIN_MS;
        if (!(error instanceof NoSessionError) || !(wasBesideThrowAway || wasJustOver)) throw error;
        if (this.#isThrowAwayOn()) await this.#wait(WAITS_FOR_THROW_AWAY.refusedMs, signal);
        // One that goes on and on is not waited for again.
        if (this.#isThrowAwayOn()) throw error;
        await this.#wait(pauseMs, signal);
      }
    }
  }

  /** Whether a command has started a session, or is about to. */
  #hasOther(): boolean {
    return this.#hasStarted || this.#beginning > 0;
  }

  #isThrowAwayOn(): boolean {
    return this.#throwAway !== undefined && !this.#isThrowAwayOver;
  }

  /** Settles after so long, or as soon as the throw-away session or the connection is over. */
  async #wait(forMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    if (this.#isThrowAwayOn()) void this.#throwAway?.then(() => over.abort());
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
