import { TunnelError } from './errors.js';
import type { RemoteCommand } from './remote-command.js';
import type { ServerHabits } from './server-habits.js';
import { untilAborted } from './until-aborted.js';

/** A server that ends a connection this soon after a session ended it with the session. */
const ENDED_WITH_WITHIN_MS = 1_000;

/** A connection that was lost sooner than this, without any session, shows that sessions were not to blame. */
const EXONERATED_WITHIN_MS = 5_000;

/** What the throw-away session runs. */
export const NOTHING = 'exec true';

/**
 * The session that a connection starts for its channels' sake, and of which nothing is wanted: sshd switches Nagle's
 * algorithm off on its side only when one starts, and without that every small packet of a forward waits some 40 ms.
 *
 * It must cost nobody anything. It is started for channels only, a connection used for commands has sessions anyway;
 * a command that was refused because of it is asked for again; and a server that ends the connection over it is never
 * asked for one again.
 */
export class ThrowAwaySession {
  readonly #habits: ServerHabits;
  readonly #run: () => Promise<void>;
  readonly #madeAtMs = performance.now();
  #over: Promise<void> | undefined;
  #overAtMs = Number.POSITIVE_INFINITY;
  #isCommandAsked = false;
  #isSpared = false;

  /** @param run starts the session; settles when it was refused or is over, also by the connection's end */
  constructor(habits: ServerHabits, run: () => Promise<void>) {
    this.#habits = habits;
    this.#run = run;
  }

  /** Starts it, unless it was or need not be. */
  start(): void {
    if (this.#over || this.#isSpared || this.#habits.endsOverSession) return;
    this.#over = this.#run().then(() => {
      this.#overAtMs = performance.now();
    });
  }

  /** Starts a command, which has the same effect. One that is refused while the session takes its room waits for it. */
  async commanding(
    ask: () => Promise<RemoteCommand>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<RemoteCommand> {
    this.#isCommandAsked = true;
    const taken = this.#isUnderWay ? this.#over : undefined;
    try {
      return await this.#spared(ask);
    } catch (error) {
      if (!taken || !(error instanceof TunnelError) || error.code !== 'exec-refused') throw error;
      await untilAborted(taken, signal);
      return this.#spared(ask);
    }
  }

  /**
   * The host ended the connection, or the network did.
   * @returns whether that is put down to the session
   */
  ended(): boolean {
    const now = performance.now();
    if (this.#isUnderWay || now - this.#overAtMs < ENDED_WITH_WITHIN_MS) {
      const isNew = !this.#habits.endsOverSession;
      this.#habits.endsOverSession = true;
      return isNew;
    }
    if (!this.#over && !this.#isCommandAsked && now - this.#madeAtMs < EXONERATED_WITHIN_MS) {
      this.#habits.endsOverSession = false;
    }
    return false;
  }

  get #isUnderWay(): boolean {
    return this.#over !== undefined && this.#overAtMs === Number.POSITIVE_INFINITY;
  }

  async #spared(ask: () => Promise<RemoteCommand>): Promise<RemoteCommand> {
    const command = await ask();
    this.#isSpared = true;
    return command;
  }
}
