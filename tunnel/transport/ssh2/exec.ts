import { addAbortListener } from 'node:events';
import type { Client, ClientChannel } from 'ssh2';
import type { TunnelError } from '../../errors.js';
import {
  type CommandExit,
  type ExecOptions,
  execRefused,
  neverBegun,
  outcomeUnknown,
  type RemoteCommand,
  RunningCommand,
  type StartedCommand,
} from '../../exec/remote-command.js';

export interface Ssh2ExecOptions extends ExecOptions {
  /** `user@host:port`. */
  readonly host: string;
  /** Aborts when the connection is gone, before ssh2 ends the channels for that. */
  readonly lost: AbortSignal;
}

/** Runs a command; errors are those of `Link.exec`. */
export async function execOnSsh2(
  client: Client,
  command: string,
  { signal, ...link }: Ssh2ExecOptions,
): Promise<RemoteCommand> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      client.exec(command, (error, channel) => {
        signal.removeEventListener('abort', abort);
        if (error) return reject(whyNot(error, link));
        const running = new RunningCommand(startedOn(channel, link), { signal });
        if (signal.aborted) void running.close();
        else resolve(running);
      });
    } catch (cause) {
      // ssh2 throws when the connection is gone already.
      signal.removeEventListener('abort', abort);
      reject(neverBegun(link.host, cause));
    }
  });
}

function startedOn(channel: ClientChannel, { host, lost }: Omit<Ssh2ExecOptions, 'signal'>): StartedCommand {
  let exit: CommandExit | undefined;
  channel.once('exit', (code: number | null, signal?: string) => {
    exit = code === null ? { signal: signal ?? 'SIGKILL' } : { code };
  });
  // Streams that are through in both directions destroy themselves, and ssh2 then closes the channel: too early for
  // a command that closed its output and runs on.
  channel.destroy = () => channel;
  return {
    host,
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    ended: new Promise((resolve, reject) => {
      const listening = addAbortListener(lost, () => reject(lost.reason));
      channel.once('close', () => {
        listening[Symbol.dispose]();
        resolve(exit);
      });
    }),
    isLost: () => lost.aborted,
    stop: () => {
      channel.signal('TERM');
      channel.close();
    },
  };
}

function whyNot(error: Error, { host, lost }: Omit<Ssh2ExecOptions, 'signal'>): TunnelError {
  // In these words ssh2 gives up on a channel that was not opened yet; the command comes after that.
  if (lost.aborted && error.message === 'No response from server') return neverBegun(host, error);
  if (lost.aborted) return outcomeUnknown(host, error);
  return execRefused(host, error.message.replace(/^\(SSH\) Channel open failure: /, ''), error);
}
