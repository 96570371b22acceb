import { Readable } from 'node:stream';
import type { CommandExit } from '../../exec/remote-command.js';
import { Channel, type OpenedChannel } from './channel-stream.js';
import { readString } from './split-packets.js';

/** A channel that runs a command. It stays open until the host closes it, after saying how the command ended. */
export class CommandSession extends Channel {
  readonly stderr: Readable;
  #isClosedByHost = false;
  /** Who waits for answers to requests, in the order in which these were sent. */
  readonly #asking: ((isAccepted: boolean | undefined) => void)[] = [];
  #exit: CommandExit | undefined;
  #loss: Error | undefined;
  #unreadStderrBytes = 0;
  #isStderrOver = false;

  constructor(opened: OpenedChannel) {
    super(opened, { staysOpen: true });
    this.stderr = new Readable({ read: () => this.#readStderr() });
    // The channel reports the same error.
    this.stderr.on('error', () => {});
  }

  /** Whether the host has closed the session, which takes no more requests. */
  get isClosedByHost(): boolean {
    return this.#isClosedByHost;
  }

  /** How the command ended, once the host said. */
  get exit(): CommandExit | undefined {
    return this.#exit;
  }

  /** Why the channel ended early, if it did. */
  get loss(): Error | undefined {
    return this.#loss;
  }

  receiveStderr(content: Buffer): void {
    if (this.#isStderrOver || this.stderr.destroyed) return;
    if (this.stderr.push(content)) this.giveBack(content.length);
    else this.#unreadStderrBytes += content.length;
  }

  /** What the host answers to the request just sent: whether it accepts; undefined when the channel is lost or closed first. */
  nextAnswer(): Promise<boolean | undefined> {
    return new Promise((resolve) => {
      if (this.#isClosedByHost || this.destroyed) resolve(undefined);
      else this.#asking.push(resolve);
    });
  }

  /** The host answered a request. */
  receiveAnswer(isAccepted: boolean): void {
    this.#asking.shift()?.(isAccepted);
  }

  /** The host sent a request; `details` follow its type. */
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
    // No answer will come, and nobody reads to the end before there is one.
    this.#answerNobody();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#answerNobody();
    this.#loss = error ?? undefined;
    // What came before the end can still be read.
    if (error || !this.#isStderrOver) this.stderr.destroy(error ?? undefined);
    super._destroy(error, done);
  }

  #answerNobody(): void {
    for (const answer of this.#asking.splice(0)) answer(undefined);
  }

  #readStderr(): void {
    const bytes = this.#unreadStderrBytes;
    this.#unreadStderrBytes = 0;
    if (bytes > 0) this.giveBack(bytes);
  }
}
