import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { onAbort, pause } from '../../base/abort.js';
import type { Log } from '../../base/log.js';
import { traced } from '../../base/trace.js';
import type { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import { TunnelError } from '../errors.js';
import { formatSeconds } from '../format-for-message.js';
import { PausableTimeout } from '../pausable-timeout.js';
import { type ForwardTarget, formatTarget } from './forward-target.js';
import { type ListenAddress, type LocalListener, listenLocally } from './listen-locally.js';
import { openChannel } from './open-channel.js';
import { NotConnectedError } from './open-command.js';
import { Splice } from './splice.js';

/** Clients dial again several times a second; a command costs the host more than that. */
const COMMAND_AGAIN_AFTER_MS = 1_000;

export interface ForwardSetup {
  /** Where to listen instead of a private unix socket. */
  readonly listen?: ListenAddress | undefined;
  /** How long a connection may wait for SSH and for the target, in milliseconds. */
  readonly holdTimeoutMs: number;
  /** For errors: `user@host:port`. */
  readonly host: string;
  /** Called when the forward has closed. */
  readonly onClose: () => void;
  readonly log?: Log | undefined;
}

/**
 * A local address whose connections lead to a target behind the SSH server.
 *
 * While SSH is down, new connections are held, for at most the connect timeout, and continue when it is back; open ones
 * are closed immediately when it drops. The address stays the same.
 */
export class Forward implements AsyncDisposable {
  /** `unix:///private/dir/s`, or `127.0.0.1:1234` with a TCP address in `listen`. */
  readonly address: string;
  readonly #target: ForwardTarget;
  readonly #connection: ReconnectingConnection;
  readonly #setup: ForwardSetup;
  readonly #closing = new AbortController();
  readonly #held = new Set<Socket>();
  readonly #splices = new Set<Splice>();
  readonly #stopListening: () => void;
  readonly #listener: LocalListener;
  #closed: Promise<void> | undefined;
  #lastRefusal: TunnelError | undefined;
  #accepted = 0;
  /** When a command may be run again that did not connect. */
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** Why nothing can be tried again: a wrong answer, which would be given again and may lock somebody out. */
  #hopeless: TunnelError | undefined;

  private constructor(
    target: ForwardTarget,
    connection: ReconnectingConnection,
    { listener, ...setup }: ForwardSetup & { readonly listener: LocalListener },
  ) {
    this.address = listener.address;
    this.#target = target;
    this.#connection = connection;
    this.#setup = setup;
    this.#listener = listener;
    this.#stopListening = connection.states.listen(({ status }) => {
      if (status !== 'connected') this.#cut();
    });
    listener.accept((socket) => void this.#carry(socket));
  }

  /** @throws TunnelError `forward-refused` when the local address cannot be used */
  static async open(
    target: ForwardTarget,
    connection: ReconnectingConnection,
    setup: ForwardSetup,
  ): Promise<Forward> {
    return new Forward(target, connection, { ...setup, listener: await listenLocally(setup) });
  }

  /** Why the last connection failed; undefined once one succeeds. */
  get lastRefusal(): TunnelError | undefined {
    return this.#lastRefusal;
  }

  /** How many connections it has now, and how many it has had in all. */
  get usage(): { readonly open: number; readonly accepted: number } {
    return { open: this.#held.size + this.#splices.size, accepted: this.#accepted };
  }

  /** Stops listening, closes all connections and removes the socket. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort(this.#connection.closedError());
    this.#stopListening();
    for (const socket of this.#held) socket.destroy();
    this.#cut();
    await this.#listener.close();
    this.#setup.onClose();
  }

  #cut(): void {
    for (const splice of this.#splices) splice.destroy();
  }

  /** Connects one local connection to the target; never rejects. */
  async #carry(socket: Socket): Promise<void> {
    this.#held.add(socket);
    this.#accepted += 1;
    // `close` follows.
    socket.on('error', () => {});
    try {
      const describe = () => ({ host: this.#setup.host, target: formatTarget(this.#target) });
      const channel = await traced('hawser:forward', describe, () => this.#openChannel(socket));
      this.#lastRefusal = undefined;
      const splice = new Splice(socket, channel);
      this.#splices.add(splice);
      this.#connection.carry(splice.done);
      void splice.done.then(() => this.#splices.delete(splice));
    } catch (error) {
      socket.destroy();
      if (error instanceof TunnelError && !this.#closing.signal.aborted) this.#refuse(error);
    } finally {
      this.#held.delete(socket);
    }
  }

  async #openChannel(socket: Socket): Promise<Duplex> {
    const waiting = new AbortController();
    using limit = new PausableTimeout(this.#setup.holdTimeoutMs, () => waiting.abort(this.#timedOut()));
    const leave = () => waiting.abort(new DOMException('The local end went away.', 'AbortError'));
    const unlisten = onAbort([this.#closing.signal], () => waiting.abort(this.#closing.signal.reason));
    socket.once('close', leave);
    try {
      const tooSoonMs = this.#notBeforeMs - performance.now();
      if (tooSoonMs > 0) await pause(tooSoonMs, waiting.signal);
      waiting.signal.throwIfAborted();
      if (this.#hopeless) throw this.#hopeless;
      return await openChannel(this.#connection, this.#target, waiting.signal, limit);
    } finally {
      unlisten();
      socket.off('close', leave);
    }
  }

  #refuse(error: TunnelError): void {
    this.#lastRefusal = error;
    if (error.code === 'auth-failed') this.#hopeless = error;
    if (error instanceof NotConnectedError) this.#notBeforeMs = performance.now() + COMMAND_AGAIN_AFTER_MS;
    this.#setup.log?.('debug', error.message);
  }

  #timedOut(): TunnelError {
    const { host, holdTimeoutMs } = this.#setup;
    const there = formatTarget(this.#target);
    const { reason } = this.#connection.states.current;
    const why = reason ? ` SSH is down: ${reason.message}` : ' The target did not answer.';
    return new TunnelError(
      reason ? 'unreachable' : 'forward-refused',
      host,
      `Gave up on a connection to ${there} through ${host} after ${formatSeconds(holdTimeoutMs)}.${why}`,
    );
  }
}
