import { Duplex } from 'node:stream';

/** What may be in flight towards us before it was read; as ssh2 has it. */
export const RECEIVE_WINDOW_BYTES = 2 << 20;
/** The largest piece of data that we take. */
export const MAX_RECEIVED_BYTES = 32 << 10;

/** How a channel sends; implemented by what multiplexes them. */
export interface ChannelOutlet {
  /** `written` is called once the bytes are on their way. */
  data(remoteId: number, content: Buffer, written: () => void): void;
  eof(remoteId: number): void;
  /** Sent once; the channel takes nothing more then. */
  close(remoteId: number): void;
  adjustWindow(remoteId: number, bytes: number): void;
}

export interface OpenedChannel {
  readonly remoteId: number;
  /** What the other side takes at first, and in one piece. */
  readonly windowBytes: number;
  readonly maxDataBytes: number;
  readonly outlet: ChannelOutlet;
}

/** One side of an SSH channel (RFC 4254 §5) as a stream: windows are its back-pressure, EOF its half-close. */
export class Channel extends Duplex {
  readonly remoteId: number;
  readonly #maxDataBytes: number;
  readonly #outlet: ChannelOutlet;
  readonly #staysOpen: boolean;
  #sendWindowBytes: number;
  /** Read by our consumer, not yet given back to the sender. */
  #creditBytes = 0;
  /** Taken in while the consumer wanted nothing; given back when it reads on. */
  #unreadBytes = 0;
  #pending: { readonly content: Buffer; readonly done: (error?: Error | null) => void } | undefined;
  #sentEof = false;
  #receivedEof = false;
  #sentClose = false;

  /** @param options.staysOpen leaves it to the other side to close the channel when both directions are through */
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
    // A lost connection ends channels with an error, also those that nobody listens to yet.
    this.on('error', () => {});
  }

  /** Bytes came from the other side. */
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

  /** The other side is through with the channel: what it sent is still there to be read. */
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

  /** Sends what is pending, as far as the other side takes it. */
  #send(): void {
    const { content, done } = this.#pending ?? {};
    if (content === undefined || done === undefined || this.#sendWindowBytes === 0 || this.#sentClose) return;
    const bytes = Math.min(content.length, this.#sendWindowBytes, this.#maxDataBytes);
    this.#sendWindowBytes -= bytes;
    const isLast = bytes === content.length;
    this.#pending = isLast ? undefined : { content: content.subarray(bytes), done };
    this.#outlet.data(this.remoteId, content.subarray(0, bytes), isLast ? done : () => this.#send());
  }

  /** Lets the sender have the room again, in few large steps. */
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
