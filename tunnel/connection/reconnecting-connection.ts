import { onAbort } from '../../base/abort.js';
import type { Log } from '../../base/log.js';
import { isPermanent, TunnelError } from '../errors.js';
import { type Destination, formatDestination } from '../parse-destination.js';
import type { Link } from '../transport/transport.js';
import { type PendingDial, StandbyDial } from './dial-beside-doubtful-link.js';
import type { ConnectedLink } from './race-destinations.js';
import { RetryBudget } from './retry-budget.js';
import { RetryDelay } from './retry-delay.js';
import { type TunnelState, TunnelStates } from './tunnel-states.js';

/** After a connection that lasted this long, failures count from zero again. */
const STABLE_AFTER_MS = 5_000;

/** Clients whose streams were cut ask for a new connection within this time. */
const ASKS_AGAIN_WITHIN_MS = 1_000;

/** Makes one connection, to whichever destination works; without `mayAsk` nobody is asked anything. */
export type Dial = (options: {
  readonly signal: AbortSignal;
  readonly mayAsk: boolean;
}) => Promise<ConnectedLink>;

/** One SSH connection that is made again whenever it is lost, until that is hopeless or it is closed. */
export class ReconnectingConnection implements AsyncDisposable {
  readonly states: TunnelStates;
  readonly #dial: Dial;
  readonly #log: Log | undefined;
  readonly #closing = new AbortController();
  readonly #kept: Promise<void>;
  /** How many callers are waiting for a link. */
  #waiting = 0;
  readonly #eagerness = new RetryBudget();
  /** How many channels it carries, and when the last of them ended. */
  #carried = 0;
  #carriedUntilMs = Number.NEGATIVE_INFINITY;
  #retry: RetryDelay | undefined;
  #via: Destination;
  #link: Link | undefined;
  #expectsChannels = false;

  private constructor(first: ConnectedLink, dial: Dial, log: Log | undefined) {
    this.#dial = dial;
    this.#log = log;
    this.#via = first.via;
    this.#link = first.link;
    this.states = new TunnelStates(connectedBy(first));
    this.#kept = this.#keep(first.link);
  }

  /**
   * Connects, and reconnects from then on.
   * @throws whatever `dial` rejects with
   */
  static async open(
    dial: Dial,
    { signal, log }: { readonly signal: AbortSignal; readonly log?: Log | undefined },
  ): Promise<ReconnectingConnection> {
    return new ReconnectingConnection(await dial({ signal, mayAsk: true }), dial, log);
  }

  /**
   * The link, as soon as there is one; with `after`, one made later than that lost one.
   * @throws TunnelError why there will be none: the reason of the state `failed`, or `closed`
   */
  async link({
    signal,
    after,
  }: {
    readonly signal: AbortSignal;
    readonly after?: Link | undefined;
  }): Promise<Link> {
    signal.throwIfAborted();
    if (this.#link && this.#link !== after) return this.#link;
    this.#waiting += 1;
    this.#retry?.hurry();
    try {
      for await (const { status, reason } of this.states.follow({ signal })) {
        if (this.#link && this.#link !== after) return this.#link;
        if (status === 'failed' && reason) throw reason;
      }
    } finally {
      this.#waiting -= 1;
    }
    signal.throwIfAborted();
    throw this.closedError();
  }

  /** Notes that the connection is in use until the promise settles; it must not reject. */
  carry(until: Promise<void>): void {
    this.#carried += 1;
    void until.then(() => {
      this.#carried -= 1;
      this.#carriedUntilMs = performance.now();
    });
  }

  /** Channels are about to be opened, on this link or a later one. */
  expectChannels(): void {
    this.#expectsChannels = true;
    this.#link?.expectChannels();
  }

  /** The destination in use, or the last one. */
  get via(): Destination {
    return this.#via;
  }

  /** Disconnects and does not reconnect. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort(this.closedError());
    const link = this.#link;
    this.#link = undefined;
    this.states.change({ status: 'closed', since: new Date() });
    await link?.close();
    await this.#kept;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  closedError(): TunnelError {
    const host = formatDestination(this.#via);
    return new TunnelError('closed', host, `The tunnel to ${host} is closed. Open a new one.`);
  }

  /** Runs until the connection is closed or hopeless; never rejects. */
  async #keep(first: Link): Promise<void> {
    let link = first;
    let failures = 0;
    try {
      for (;;) {
        const connectedAt = performance.now();
        const standby = new StandbyDial(
          link,
          ({ signal }) => this.#dial({ signal, mayAsk: false }),
          this.#log,
        );
        const reason = await link.closed;
        if (this.#closing.signal.aborted) return await standby.close();
        failures = performance.now() - connectedAt < STABLE_AFTER_MS ? failures + 1 : 0;
        this.#link = undefined;
        this.#log?.('warn', reason.message);
        this.states.change({ status: 'connecting', since: new Date(), reason });
        const replacement = await this.#finish(standby.take());
        if (replacement) link = await this.#adopt(replacement);
        else ({ link, failures } = await this.#reconnect(failures, reason));
      }
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#giveUp(error);
    }
  }

  async #reconnect(
    failuresBefore: number,
    lost: TunnelError,
  ): Promise<{ readonly link: Link; readonly failures: number }> {
    let failures = failuresBefore;
    let reason = lost;
    let brokeOff = true;
    for (;;) {
      const isEager = brokeOff && this.#isWanted() && this.#eagerness.take();
      if (failures > 0 && !isEager) await this.#pause(failures, reason);
      try {
        const entered = await this.#dial({ signal: this.#closing.signal, mayAsk: true });
        return { link: await this.#adopt(entered), failures };
      } catch (error) {
        if (!(error instanceof TunnelError) || isPermanent(error)) throw error;
        reason = error;
        brokeOff = error.brokeOff;
        failures += 1;
        this.#log?.('debug', error.message);
      }
    }
  }

  #isWanted(): boolean {
    const isInUse = this.#carried > 0 || performance.now() - this.#carriedUntilMs < ASKS_AGAIN_WITHIN_MS;
    return this.#waiting > 0 || isInUse;
  }

  /** The standby connection, if there is one. If it failed, the next attempt says why, which may also ask. */
  async #finish(pending: PendingDial | undefined): Promise<ConnectedLink | undefined> {
    const { signal } = this.#closing;
    const unlisten = onAbort([signal], () => pending?.abort.abort(signal.reason));
    try {
      return await pending?.connected;
    } catch {
      signal.throwIfAborted();
      return undefined;
    } finally {
      unlisten();
    }
  }

  async #adopt({ link, via }: ConnectedLink): Promise<Link> {
    if (this.#closing.signal.aborted) {
      await link.close();
      throw this.#closing.signal.reason;
    }
    this.#link = link;
    this.#via = via;
    this.#log?.('info', `Connected to ${formatDestination(via)} again.`);
    this.states.change(connectedBy({ link, via }));
    // After the channels of those who are waiting, so that they need not wait for it too.
    if (this.#expectsChannels) setImmediate(() => link.expectChannels());
    return link;
  }

  async #pause(failures: number, reason: TunnelError): Promise<void> {
    const since = new Date();
    this.#retry = new RetryDelay(failures, {
      isAwaited: this.#waiting > 0,
      onPlanned: (retryAt) => this.states.change({ status: 'waiting', since, reason, retryAt }),
    });
    try {
      await this.#retry.wait({ signal: this.#closing.signal });
    } finally {
      this.#retry = undefined;
    }
    this.states.change({ status: 'connecting', since: new Date(), reason });
  }

  #giveUp(error: unknown): void {
    const reason =
      error instanceof TunnelError
        ? error
        : new TunnelError(
            'closed',
            formatDestination(this.#via),
            'The tunnel failed because of an internal error.',
            {
              cause: error,
            },
          );
    this.#log?.('error', reason.message);
    this.states.change({ status: 'failed', since: new Date(), reason });
  }
}

function connectedBy({ via, link: { loginKey } }: ConnectedLink): TunnelState {
  return { status: 'connected', since: new Date(), via, ...(loginKey !== undefined && { loginKey }) };
}
