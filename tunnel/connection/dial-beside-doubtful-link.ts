import type { Log } from '../../base/log.js';
import type { Link } from '../transport/transport.js';
import type { ConnectedLink } from './race-destinations.js';

/** An attempt, finished or not. */
export interface PendingDial {
  readonly abort: AbortController;
  readonly connected: Promise<ConnectedLink>;
}

/**
 * Dials another link beside one whose host may be gone, so that a recovered network is used at once: the old
 * connection's TCP retransmissions are seconds apart by then. Whichever proves to be alive first is kept.
 */
export class StandbyDial {
  readonly #link: Link;
  readonly #dial: (options: { readonly signal: AbortSignal }) => Promise<ConnectedLink>;
  readonly #log: Log | undefined;
  #attempt: PendingDial | undefined;
  #isOver = false;

  constructor(
    link: Link,
    dial: (options: { readonly signal: AbortSignal }) => Promise<ConnectedLink>,
    log: Log | undefined,
  ) {
    this.#link = link;
    this.#dial = dial;
    this.#log = log;
    link.onDoubt((isInDoubt) => {
      if (isInDoubt) this.#start();
      else void this.close();
    });
  }

  /** Hands over the pending attempt, because the link is gone, and starts no other. */
  take(): PendingDial | undefined {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    this.#isOver = true;
    return attempt;
  }

  /** Drops the pending attempt, if any. */
  async close(): Promise<void> {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    if (attempt === undefined) return;
    attempt.abort.abort(new DOMException('The first connection is alive.', 'AbortError'));
    await attempt.connected.then(
      ({ link }) => link.close(),
      () => undefined,
    );
  }

  #start(): void {
    if (this.#isOver || this.#attempt) return;
    const abort = new AbortController();
    const attempt = { abort, connected: this.#dial({ signal: abort.signal }) };
    this.#attempt = attempt;
    attempt.connected.then(
      () => {
        if (this.#attempt === attempt) this.#link.destroy();
      },
      (error: unknown) => {
        if (!abort.signal.aborted)
          this.#log?.('debug', `Could not open a standby connection: ${String(error)}`);
        if (this.#attempt === attempt) this.#attempt = undefined;
      },
    );
  }
}
