import { Duplex } from 'node:stream';
import type { RemoteCommand } from '../exec/remote-command.js';

/** How long a command may go on after both directions of its stream have ended. */
const LEAVES_WITHIN_MS = 5_000;

/**
 * The standard input and output of a command as one stream. It emits `close` when the command has ended and everything was
 * read; destroying it abandons the command.
 */
export class CommandStream extends Duplex {
  readonly #command: RemoteCommand;
  #leaving: NodeJS.Timeout | undefined;

  constructor(command: RemoteCommand) {
    // The command says when it is over, which may be later than both directions.
    super({ autoDestroy: false });
    this.#command = command;
    const { stdout, exit } = command;
    stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stdout.once('end', () => this.push(null));
    stdout.once('error', (error) => this.destroy(error));
    exit.then(
      () => this.#whenRead(() => this.destroy()),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
    const leave = () => this.#leave();
    this.once('end', leave).once('finish', leave);
  }

  override _read(): void {
    this.#command.stdout.resume();
  }

  override _write(chunk: Buffer, _: string, done: (error?: Error | null) => void): void {
    this.#command.stdin.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.#command.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#leaving);
    void this.#command.close().then(() => done(error));
  }

  #whenRead(listener: () => void): void {
    if (this.readableEnded) listener();
    else this.once('end', listener);
  }

  #leave(): void {
    if (!this.readableEnded || !this.writableFinished) return;
    this.#leaving = setTimeout(() => this.destroy(), LEAVES_WITHIN_MS).unref();
  }
}
