import { Duplex } from 'node:stream';

/** How much may be received before it is read; the same as ssh2's. */
export const RECEIVE_WINDOW_BYTES = 2 << 20;
/** The largest data packet that is accepted. */
export const MAX_RECEIVED_BYTES = 32 << 10;

/** How a channel sends; implemented by {@link Channels}. */
export interface ChannelOutlet {
  /** `written` is called once the bytes are on their way. */
  data(remoteId: number, content: Buffer, written: () => void): void;
  eof(remoteId: number): void;
  /** Sent once, and last. */
  close(remoteId: number): void;
  adjustWindow(remoteId: number, bytes: number): void;
}

export interface OpenedChannel {
  readonly remoteId: number;
  /** What the peer accepts at first, and in one packet. */
  readonly windowBytes: number;
  readonly maxDataBytes: number;
  readonly outlet: ChannelOutlet;
}

/** An SSH channel (RFC 4254 §5) as a stream: windows are its back-pressure, EOF its half-close. */
export class Channel extends Duplex {
  readonly remoteId: number;
  readonly #maxDataBytes: number;
  readonly #outlet: ChannelOutlet;
  readonly #staysOpen: boolean;
  #sendWindowBytes: number;
  /** Read by the consumer, not yet granted to the sender again. */
  #creditBytes = 0;
  /** Buffered while the consumer did not read; granted again when it does. */
  #unreadBytes = 0;
  #pending: { readonly content: Buffer; readonly done: (error?: Error | null) => void } | undefined;
  #sentEof = false;
  #receivedEof = false;
  #sentClose = false;

  /** @param options.staysOpen lets the peer close the channel once both directions have ended */
  constructor(
    { remoteId, windowBytes, maxDataBytes, outlet }: OpenedChannel,
    { staysOpen = false }: { readonly staysOpen?: boolean } = {},
  ) {
    super({ allowHalfOpen: true, autoDestroy: !staysOpen });
    this.#staysOpen = staysOpen;
    this.remoteId = remoteId;
    this.#sendWindowBytes = windowBytes;
    this.#maxDataBytes = maxDataBytes;
    this.#outlet = outlet;
    // A lost connection ends channels with an error, even those that nobody listens to yet.
    this.on('error', () => {});
  }

  /** The peer sent data. */
  receive(content: Buffer): void {
    if (this.#receivedEof || this.destroyed) return;
    if (this.push(content)) this.giveBack(content.length);
    else this.#unreadBytes += content.length;
  }

  receiveEof(): void {
    if (this.#receivedEof) return;
    this.#receivedEof = true;
    this.push(null);
    this.#closeWhenThrough();
  }

  /** The peer closed the channel; what it sent can still be read. */
  receiveClose(): void {
    this.receiveEof();
    this.#sendClose();
    if (this.readableEnded || this.destroyed) this.destroy();
    else this.once('end', () => this.destroy());
  }

  receiveWindow(bytes: number): void {
    this.#sendWindowBytes += bytes;
    this.#send();
  }

  override _read(): void {
    const bytes = this.#unreadBytes;
    this.#unreadBytes = 0;
    if (bytes > 0) this.giveBack(bytes);
  }

  override _write(content: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#pending = { content, done };
    this.#send();
  }

  override _final(done: () => void): void {
    if (!this.#sentClose) {
      this.#sentEof = true;
      this.#outlet.eof(this.remoteId);
      this.#closeWhenThrough();
    }
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#sendClose();
    const unsent = this.#pending;
    this.#pending = undefined;
    unsent?.done(error ?? new Error('The channel was closed before all data was sent.'));
    done(error);
  }

  /** Sends pending data, as far as the peer's window allows. */
  #send(): void {
    const { content, done } = this.#pending ?? {};
    if (content === undefined || done === undefined || this.#sendWindowBytes === 0 || this.#sentClose) return;
    const bytes = Math.min(content.length, this.#sendWindowBytes, this.#maxDataBytes);
    this.#sendWindowBytes -= bytes;
    const isLast = bytes === content.length;
    this.#pending = isLast ? undefined : { content: content.subarray(bytes), done };
    this.#outlet.data(this.remoteId, content.subarray(0, bytes), isLast ? done : () => this.#send());
  }

  /** Grants the sender the room again, in a few large steps. */
  protected giveBack(bytes: number): void {
    this.#creditBytes += bytes;
    if (this.#creditBytes < RECEIVE_WINDOW_BYTES / 4 || this.#receivedEof || this.#sentClose) return;
    this.#outlet.adjustWindow(this.remoteId, this.#creditBytes);
    this.#creditBytes = 0;
  }

  #closeWhenThrough(): void {
    if (!this.#staysOpen && this.#sentEof && this.#receivedEof) this.#sendClose();
  }

  #sendClose(): void {
    if (this.#sentClose) return;
    this.#sentClose = true;
    this.#outlet.close(this.remoteId);
  }
}
