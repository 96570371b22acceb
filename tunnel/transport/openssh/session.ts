import { Readable } from 'node:stream';
import type { CommandExit } from '../../exec/remote-command.js';
import { Channel, type OpenedChannel } from './channel.js';
import { readString } from './packets.js';

/** A channel in which a command runs. It stays until the host closes it, after it said how the command ended. */
export class Session extends Channel {
  readonly stderr: Readable;
  /** Whether the host agreed to run the command; undefined when the channel was gone or closed first. */
  readonly accepted: Promise<boolean | undefined>;
  #isClosedByHost = false;
  #answer: (isAccepted: boolean | undefined) => void = () => {};
  #exit: CommandExit | undefined;
  #loss: Error | undefined;
  #unreadStderrBytes = 0;
  #isStderrOver = false;

  constructor(opened: OpenedChannel) {
    super(opened, { staysOpen: true });
    this.stderr = new Readable({ read: () => this.#readStderr() });
    // The channel tells the same.
    this.stderr.on('error', () => {});
    this.accepted = new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  /** Whether the host is through with the session; it takes no request any more. */
  get isClosedByHost(): boolean {
    return this.#isClosedByHost;
  }

  /** How the command ended, once the host told. */
  get exit(): CommandExit | undefined {
    return this.#exit;
  }

  /** Why the channel ended before its time, if it did. */
  get loss(): Error | undefined {
    return this.#loss;
  }

  receiveStderr(content: Buffer): void {
    if (this.#isStderrOver || this.stderr.destroyed) return;
    if (this.stderr.push(content)) this.giveBack(content.length);
    else this.#unreadStderrBytes += content.length;
  }

  /** The answer to our request. */
  receiveAnswer(isAccepted: boolean): void {
    this.#answer(isAccepted);
  }

  /** A request of the host, with what follows its type. */
  receiveRequest(type: string, details: Buffer): void {
    if (type === 'exit-status') this.#exit ??= { code: details.readUInt32BE(0) };
    if (type === 'exit-signal') this.#exit ??= { signal: `SIG${readString(details, 0).text}` };
  }

  override receiveEof(): void {
    super.receiveEof();
    if (this.#isStderrOver) return;
    this.#isStderrOver = true;
    this.stderr.push(null);
  }

  override receiveClose(): void {
    this.#isClosedByHost = true;
    super.receiveClose();
    // No answer follows, and nobody reads on and comes to the end before there was one.
    this.#answer(undefined);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#answer(undefined);
    this.#loss = error ?? undefined;
    // What came before the end is still to be read.
    if (error || !this.#isStderrOver) this.stderr.destroy(error ?? undefined);
    super._destroy(error, done);
  }

  #readStderr(): void {
    const bytes = this.#unreadStderrBytes;
    this.#unreadStderrBytes = 0;
    if (bytes > 0) this.giveBack(bytes);
  }
}
