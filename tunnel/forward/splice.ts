import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Joins a local socket and a channel until both have ended: data, back-pressure and half-closes go both ways.
 *
 * ssh2's channels need care: they emit `close` only after being read to the end, and a write to a closed one never calls
 * back.
 */
export class Splice {
  /** Resolves when both ends are closed. */
  readonly done: Promise<void>;
  readonly #socket: Socket;
  readonly #channel: Duplex;

  constructor(socket: Socket, channel: Duplex) {
    this.#socket = socket;
    this.#channel = channel;
    // `close` follows.
    channel.on('error', () => {});
    const channelClosed = new Promise<void>((resolve) => channel.once('close', resolve));
    const socketClosed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    this.done = Promise.all([channelClosed, socketClosed]).then(() => {});
    channel.once('close', () => this.#onChannelClose());
    socket.once('close', () => this.#onSocketClose());
    socket.pipe(channel);
    channel.pipe(socket);
  }

  /** Closes both immediately; data in transit is lost. */
  destroy(): void {
    this.#socket.destroy();
    this.#destroyChannel();
  }

  /** The channel is closed: deliver to the socket what it has not taken yet, then close it. */
  #onChannelClose(): void {
    const socket = this.#socket;
    socket.unpipe(this.#channel);
    socket.resume();
    if (socket.writableFinished) socket.destroy();
    else socket.end(() => socket.destroy());
  }

  /** The socket is closed: after a normal end the channel still sends what it has, otherwise it is closed too. */
  #onSocketClose(): void {
    this.#channel.unpipe(this.#socket);
    this.#channel.resume();
    if (!this.#socket.readableEnded || this.#socket.errored) this.#destroyChannel();
  }

  #destroyChannel(): void {
    this.#channel.unpipe(this.#socket);
    this.#channel.resume();
    this.#channel.destroy();
  }
}
