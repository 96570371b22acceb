import { setTimeout as delay } from 'node:timers/promises';
import { untilAborted } from '../../../base/abort.js';
import { TunnelError } from '../../errors.js';
import type { RemoteCommand } from '../../exec/remote-command.js';
import type { ServerHabits } from './server-habits.js';

/** A server that ends a connection this soon after a session ended it with the session. */
const ENDS_WITHIN_MS = 1_000;

/** A connection that outlived its session by so much shows that the server does no such thing. */
const BEARS_AFTER_MS = 5_000;

/** So many connections in a row that were lost sooner than this, without any session, show that the network is to blame. */
const EXONERATING = { losses: 3, withinMs: 5_000 };

/** What the throw-away session runs. */
export const NOTHING = 'exec true';

/**
 * The sessions of one connection: those of the commands asked for, and one for its channels' sake of which nothing is
 * wanted. sshd switches Nagle's algorithm off on its side only when a session starts, and without that every small
 * packet of a forward waits some 40 ms.
 *
 * The throw-away session must cost nobody anything. It is started for channels only, because a connection used for
 * commands has sessions anyway; a command that was refused because of it is asked for again; and a server that ends
 * the connection over it is never asked for one again.
 */
export class LinkSessions {
  readonly #habits: ServerHabits;
  readonly #run: () => Promise<boolean>;
  readonly #madeAtMs = performance.now();
  readonly #ended = new AbortController();
  /** Settles when the throw-away session is over. */
  #throwAway: Promise<void> | undefined;
  #isThrowAwayOver = false;
  #throwAwayOverAtMs = Number.POSITIVE_INFINITY;
  #isCommandAsked = false;
  #hasStarted = false;
  /** When the last session of either kind was over. */
  #overAtMs = Number.NEGATIVE_INFINITY;

  /** @param run starts the throw-away session; settles when it was refused or is over, also by the connection's end */
  constructor(habits: ServerHabits, run: () => Promise<boolean>) {
    this.#habits = habits;
    this.#run = run;
  }

  /** Starts the throw-away session, unless some session was started or none may be. */
  expectChannels(): void {
    if (this.#throwAway || this.#hasStarted || this.#habits.endsOverSession) return;
    this.#throwAway = this.#run().then(() => {
      this.#isThrowAwayOver = true;
      this.#throwAwayOverAtMs = performance.now();
      this.#overAtMs = this.#throwAwayOverAtMs;
    });
  }

  /**
   * Starts a command. One that is refused while a session takes its room, or has just given it up, is asked for once
   * more: a server of one session a connection ends it now, which `ask` then tells.
   */
  async command(
    ask: () => Promise<RemoteCommand>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<RemoteCommand> {
    this.#isCommandAsked = true;
    try {
      return await this.#follow(ask);
    } catch (error) {
      if (!(error instanceof TunnelError) || error.code !== 'exec-refused') throw error;
      const room = this.#room();
      if (!room) throw error;
      await untilAborted(room, signal);
      return this.#follow(ask);
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
  judgeEnd(): boolean {
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
    if (outlivedMs >= BEARS_AFTER_MS) this.#habits.bearsSessions = true;
    if (this.#habits.bearsSessions || outlivedMs >= ENDS_WITHIN_MS) return false;
    this.#habits.endsOverSession = true;
    this.#habits.lossesWithoutSession = 0;
    return true;
  }

  /** Settles when there may be room for a session that was refused; undefined where nothing of ours takes it. */
  #room(): Promise<unknown> | undefined {
    if (this.#throwAway && !this.#isThrowAwayOver) return this.#throwAway;
    const endsInMs = this.#overAtMs + ENDS_WITHIN_MS - performance.now();
    if (endsInMs <= 0) return undefined;
    return delay(endsInMs, undefined, { signal: this.#ended.signal }).catch(() => undefined);
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
