import type { Client, ClientChannel } from 'ssh2';
import { onAbort } from '../../../base/abort.js';
import type { TunnelError } from '../../errors.js';
import {
  type CommandExit,
  type ExecOptions,
  execRefused,
  NoSessionError,
  notStarted,
  outcomeUnknown,
  type RemoteCommand,
  RunningCommand,
  type StartedCommand,
  unanswered,
} from '../../exec/remote-command.js';
import type { Pty, SessionProgram } from '../../exec/session-program.js';
import { watchNewestChannel } from './internals/watch-newest-channel.js';

export interface Ssh2ExecOptions extends ExecOptions {
  /** `user@host:port`. */
  readonly host: string;
  /** Aborts when the connection is lost, before ssh2 ends its channels. */
  readonly lost: AbortSignal;
}

/** Runs a command; errors are those of `Link.exec`. */
export async function execOnSsh2(
  client: Client,
  program: SessionProgram,
  { signal, pty, ...link }: Ssh2ExecOptions,
): Promise<RemoteCommand> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const unlisten = onAbort([signal], () => reject(signal.reason));
    try {
      let isClosed = () => false;
      request(client, program, pty, (error, channel) => {
        unlisten();
        if (error) return reject(whyNot(error, { ...link, isClosed: isClosed() }));
        const running = new RunningCommand(startedOn(channel, link), { signal });
        if (signal.aborted) void running.close();
        else resolve(running);
      });
      isClosed = watchNewestChannel(client);
    } catch (cause) {
      // ssh2 throws when the connection is already gone.
      unlisten();
      reject(notStarted(link.host, cause));
    }
  });
}

function request(
  client: Client,
  program: SessionProgram,
  pty: Pty | undefined,
  answer: (error: Error | undefined, channel: ClientChannel) => void,
): void {
  const terminal = pty && { term: pty.term, cols: pty.columns, rows: pty.rows, width: 0, height: 0 };
  if (typeof program === 'string') client.exec(program, terminal ? { pty: terminal } : {}, answer);
  else if ('shell' in program) client.shell(terminal ?? false, answer);
  else client.subsys(program.subsystem, answer);
}

function startedOn(
  channel: ClientChannel,
  { host, lost }: Omit<Ssh2ExecOptions, 'signal' | 'pty'>,
): StartedCommand {
  let exit: CommandExit | undefined;
  channel.once('exit', (code: number | null, signal?: string) => {
    exit = code === null ? { signal: signal ?? 'SIGKILL' } : { code };
  });
  // Streams that have ended in both directions destroy themselves, and ssh2 then closes the channel: too early for a
  // command that closed its output and keeps running.
  channel.destroy = () => channel;
  return {
    host,
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    ended: new Promise((resolve, reject) => {
      const unlisten = onAbort([lost], () => reject(lost.reason));
      channel.once('close', () => {
        unlisten();
        resolve(exit);
      });
    }),
    isLost: () => lost.aborted,
    resize: ({ columns, rows }) => channel.setWindow(rows, columns, 0, 0),
    stop: () => {
      channel.signal('TERM');
      channel.close();
    },
  };
}

/** How ssh2 says that a channel was not opened. */
const NOT_OPENED = '(SSH) Channel open failure: ';

interface Unanswered extends Omit<Ssh2ExecOptions, 'signal'> {
  /** Whether the host closed the session. */
  readonly isClosed: boolean;
}

function whyNot(error: Error, { host, lost, isClosed }: Unanswered): TunnelError {
  // The message for a channel that was not open yet: the command was not sent.
  if (lost.aborted && error.message === 'No response from server') return notStarted(host, error);
  if (lost.aborted) return outcomeUnknown(host, error);
  if (error.message.startsWith(NOT_OPENED))
    return new NoSessionError(host, error.message.slice(NOT_OPENED.length), error);
  // ssh2 gives the same error for a refused command and for a session that the host closed.
  return isClosed ? unanswered(host, error) : execRefused(host, error.message, error);
}
