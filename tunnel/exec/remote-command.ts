import { PassThrough, type Readable, Writable } from 'node:stream';
import { onAbort, untilAborted } from '../../base/abort.js';
import { TunnelError } from '../errors.js';
import { shorten } from '../format-for-message.js';
import type { Pty, TerminalSize } from './session-program.js';

/** How a command ended: with a code, or by a signal such as `SIGTERM`. */
export type CommandExit =
  | { readonly code: number; readonly signal?: undefined }
  | { readonly code?: undefined; readonly signal: string };

/** A command running on a host, in the login user's shell. */
export interface RemoteCommand extends AsyncDisposable {
  /** The command's input; end it for a command that reads to the end. What the command did not read is dropped when it ends. */
  readonly stdin: Writable;
  /** Unread output blocks the command; once this is destroyed, the rest is dropped. */
  readonly stdout: Readable;
  /** Like `stdout`. Both end with an error when the connection is lost. */
  readonly stderr: Readable;
  /**
   * How the command ended, once all its output has arrived. Rejects with TunnelError `outcome-unknown` when the connection
   * was lost or the host did not say: the command may have ended, still be running, or never have started. After an abort
   * it rejects with `signal.reason`, after {@link close} with `closed`.
   */
  readonly exit: Promise<CommandExit>;
  /** Tells a command with a pseudo-terminal that its size has changed. */
  resize(size: TerminalSize): void;
  /**
   * Abandons a command that is still running: requests SIGTERM and closes its streams. A command that ignores both keeps
   * running, and sshd sends no signals to root's commands. Idempotent.
   */
  close(): Promise<void>;
}

export interface ExecOptions {
  /** Abandons the command, as {@link RemoteCommand.close} does. */
  readonly signal: AbortSignal;
  /** Runs it on a pseudo-terminal, where its errors come with the rest of its output. */
  readonly pty?: Pty | undefined;
}

/** A command that a transport has started. */
export interface StartedCommand {
  /** `user@host:port`. */
  readonly host: string;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * Resolves when all output was read and the host has closed the session: how the command ended, if the host said.
   * Rejects when the connection is lost before.
   */
  readonly ended: Promise<CommandExit | undefined>;
  /** Whether the connection is gone, for streams to which that looks like their normal end. */
  readonly isLost: () => boolean;
  readonly resize: (size: TerminalSize) => void;
  /** Requests SIGTERM and closes the channel. */
  readonly stop: () => void;
}

/** A running command, whichever transport started it. */
export class RunningCommand implements RemoteCommand {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exit: Promise<CommandExit>;
  readonly #started: StartedCommand;
  readonly #closing = new AbortController();
  #isOver = false;

  constructor(started: StartedCommand, { signal }: Pick<ExecOptions, 'signal'>) {
    this.#started = started;
    this.stdin = new CommandInput(started.stdin);
    this.stdout = outputOf(started.stdout, started);
    this.stderr = outputOf(started.stderr, started);
    this.exit = this.#follow(started, signal);
    // Callers who use the streams alone see the error there.
    this.exit.catch(ignore);
  }

  resize(size: TerminalSize): void {
    if (!this.#isOver) this.#started.resize(size);
  }

  async close(): Promise<void> {
    const { host } = this.#started;
    const message = `The command on ${host} was abandoned: its outcome is unknown.`;
    this.#closing.abort(new TunnelError('closed', host, message));
    await this.exit.catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #follow(started: StartedCommand, signal: AbortSignal): Promise<CommandExit> {
    const unlisten = onAbort([signal], () => this.#closing.abort(signal.reason));
    const stopListening = onAbort([this.#closing.signal], () => started.stop());
    const end = this.#end(started);
    // It may reject after an abort, when nobody waits for it any more.
    end.catch(ignore);
    try {
      return await untilAborted(end, this.#closing.signal);
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      this.stdout.destroy(reason);
      this.stderr.destroy(reason);
      throw error;
    } finally {
      this.#isOver = true;
      unlisten();
      stopListening();
      this.stdin.destroy();
    }
  }

  async #end({ host, ended }: StartedCommand): Promise<CommandExit> {
    let exit: CommandExit | undefined;
    try {
      exit = await ended;
    } catch (error) {
      throw outcomeUnknown(host, error);
    }
    if (exit === undefined) throw outcomeUnknown(host);
    return exit;
  }
}

/** A command's input: a stream of its own, because the channel does not end with it. */
class CommandInput extends Writable {
  readonly #channel: Writable;

  constructor(channel: Writable) {
    super();
    this.#channel = channel;
    // The command need not read its input; `exit` says what matters.
    channel.on('error', ignore);
    this.on('error', ignore);
  }

  override _write(content: Buffer, _: string, done: (error?: Error | null) => void): void {
    // Unsent input stays until the command has ended, which ends this stream too.
    this.#channel.write(content, (error) => {
      if (!error) done();
    });
  }

  override _final(done: () => void): void {
    this.#channel.end();
    done();
  }
}

/** A command's output: a stream of its own, because iterating destroys a stream, which must not close the channel. */
function outputOf(source: Readable, { host, isLost }: StartedCommand): Readable {
  const output = new PassThrough();
  // `exit` rejects too.
  output.on('error', ignore);
  source.pipe(output, { end: false });
  source.once('end', () => {
    if (isLost()) output.destroy(outcomeUnknown(host));
    else output.end();
  });
  source.once('error', (error) => output.destroy(outcomeUnknown(host, error)));
  output.once('close', () => source.resume());
  return output;
}

/** The error of a command that was sent and whose end is unknown. */
export function outcomeUnknown(host: string, cause?: unknown): TunnelError {
  const message = `The outcome of the command on ${host} is unknown: the connection was lost before it finished. Check what it did before running it again.`;
  return new TunnelError('outcome-unknown', host, message, { cause });
}

/** The error of a command that was sent and that the host never answered. */
export function unanswered(host: string, cause?: unknown): TunnelError {
  const message = `The outcome of the command on ${host} is unknown: the host did not say whether it started. Check what it did before running it again.`;
  return new TunnelError('outcome-unknown', host, message, { cause });
}

/** The error of a command that was not sent because the connection was gone. */
export function notStarted(host: string, cause?: unknown): TunnelError {
  const message = `The connection to ${host} was lost before the command was sent.`;
  return new TunnelError('closed', host, message, { cause });
}

/** The host opened no session for a command, which was not sent then; it may the next time. */
export class NoSessionError extends TunnelError {
  constructor(host: string, description: string, cause?: unknown) {
    super('exec-refused', host, refusal(host, description), { cause });
  }
}

/** The error of a command that the host refused. */
export function execRefused(host: string, description: string, cause?: unknown): TunnelError {
  return new TunnelError('exec-refused', host, refusal(host, description), { cause });
}

function refusal(host: string, description: string): string {
  return `${host} refused to run the command: ${shorten(description)}. Check MaxSessions there and any command restriction on the key.`;
}

function ignore(): void {}
