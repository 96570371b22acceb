import { onAbort } from '../../base/abort.js';
import type { ReconnectingConnection } from '../connection/reconnecting-connection.js';
import { TunnelError } from '../errors.js';
import { formatSeconds } from '../format-for-message.js';
import { type ExecOptions, type RemoteCommand, unanswered } from './remote-command.js';
import type { SessionProgram } from './session-program.js';

export interface ExecSetup extends ExecOptions {
  /** How long to wait for SSH while it is down, and for the host's answer, in milliseconds. */
  readonly holdTimeoutMs: number;
  /** For errors: `user@host:port`. */
  readonly host: string;
}

/**
 * Runs a command over a connection that may be down at the moment. The request is sent once; it is repeated only if the
 * connection was lost before it was sent.
 */
export async function execOnConnection(
  connection: ReconnectingConnection,
  program: SessionProgram,
  { signal, pty, holdTimeoutMs, host }: ExecSetup,
): Promise<RemoteCommand> {
  const waiting = new AbortController();
  let isAsked = false;
  const giveUp = () => waiting.abort(isAsked ? unanswered(host) : timedOut(connection, host, holdTimeoutMs));
  const timer = setTimeout(giveUp, holdTimeoutMs);
  const unlisten = onAbort([signal], () => waiting.abort(signal.reason));
  let running: RemoteCommand | undefined;
  try {
    let link = await connection.link({ signal: waiting.signal });
    for (;;) {
      try {
        isAsked = true;
        running = await link.exec(program, { signal: waiting.signal, pty });
        return running;
      } catch (error) {
        if (!(error instanceof TunnelError) || error.code !== 'closed') throw error;
        isAsked = false;
        link = await connection.link({ signal: waiting.signal, after: link });
      }
    }
  } finally {
    clearTimeout(timer);
    // A command that runs is abandoned through the same signal.
    if (running === undefined) unlisten();
    else running.exit.then(unlisten, unlisten);
  }
}

function timedOut({ states }: ReconnectingConnection, host: string, holdTimeoutMs: number): TunnelError {
  const { reason } = states.current;
  const why = reason ? ` SSH is down: ${reason.message}` : '';
  return new TunnelError(
    'unreachable',
    host,
    `The command was not started: no connection to ${host} within ${formatSeconds(holdTimeoutMs)}.${why}`,
  );
}
