import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Joins a local socket and a channel until both are through: bytes, back-pressure and half-closes go both ways.
 *
 * ssh2's channels need care: they emit `close` only after having been read to the end, and a write to one that has
 * closed is never answered.
 */
export class Splice {
  /** Settles when both ends are gone. */
  readonly done: Promise<void>;
  readonly #socket: Socket;
  readonly #channel: Duplex;

  constructor(socket: Socket, channel: Duplex) {
    this.#socket = socket;
    this.#channel = channel;
    // `close` follows and says all.
    channel.on('error', () => {});
    const channelClosed = new Promise<void>((resolve) => channel.once('close', resolve));
    const socketClosed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    this.done = Promise.all([channelClosed, socketClosed]).then(() => {});
    channel.once('close', () => this.#onChannelClose());
    socket.once('close', () => this.#onSocketClose());
    socket.pipe(channel);
    channel.pipe(socket);
  }

  /** Ends both at once; what is under way is lost. */
  destroy(): void {
    this.#socket.destroy();
    this.#abandonChannel();
  }

  /** The far end is gone: give the near one what it has not taken yet, then let go of it. */
  #onChannelClose(): void {
    const socket = this.#socket;
    socket.unpipe(this.#channel);
    socket.resume();
    if (socket.writableFinished) socket.destroy();
    else socket.end(() => socket.destroy());
  }

  /** The near end is gone: after an orderly end the channel still sends what it holds, otherwise it goes too. */
  #onSocketClose(): void {
    this.#channel.unpipe(this.#socket);
    this.#channel.resume();
    if (!this.#socket.readableEnded || this.#socket.errored) this.#abandonChannel();
  }

  #abandonChannel(): void {
    this.#channel.unpipe(this.#socket);
    this.#channel.resume();
    this.#channel.destroy();
  }
}
