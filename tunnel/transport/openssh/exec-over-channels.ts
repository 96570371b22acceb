import type { Pty, SessionProgram } from '../../exec/session-program.js';
import type { Channels } from './channel-multiplexer.js';
import { CommandSession } from './command-session.js';

/**
 * How often to open a session for one command. Dropbear before 2024.86 closes unused sessions whenever the command of
 * another one ends, and the whole connection over a request in a closed one.
 */
const MAX_OPENINGS = 5;

/** The outcome of running a command. */
export type ExecOutcome =
  | { readonly status: 'started'; readonly session: CommandSession }
  | { readonly status: 'refused'; readonly description: string }
  /** There was no session for it. */
  | { readonly status: 'no-session'; readonly description: string }
  /** The host closed the session and did not say whether the command started. */
  | { readonly status: 'unanswered' }
  /** `isSent`: the command may have started. */
  | { readonly status: 'lost'; readonly isSent: boolean };

/** Runs a program in a session. Resolves with the server's answer; never rejects. */
export async function execOverChannels(
  channels: Channels,
  program: SessionProgram,
  pty?: Pty,
): Promise<ExecOutcome> {
  for (let openings = 1; ; openings += 1) {
    const opened = await channels.openSession();
    if (opened.status === 'lost') return { status: 'lost', isSent: false };
    if (opened.status === 'refused') return { status: 'no-session', description: opened.description };
    const session = opened.channel;
    if (!(session instanceof CommandSession)) throw new TypeError('a session has a channel of its own kind');
    if (!session.isClosedByHost) return ask(channels, session, program, pty);
    session.destroy();
    if (openings === MAX_OPENINGS)
      return { status: 'no-session', description: 'it closes each session before use' };
  }
}

/**
 * Runs the warm-up session; resolves when it is over or was refused, with whether there was one.
 */
export async function warmUpOverChannels(channels: Channels, command: string): Promise<boolean> {
  const opened = await execOverChannels(channels, command);
  if (opened.status !== 'started') return false;
  const { session } = opened;
  const closed = new Promise((resolve) => session.once('close', resolve));
  session.stderr.resume();
  session.resume().end();
  await closed;
  return true;
}

async function ask(
  channels: Channels,
  session: CommandSession,
  program: SessionProgram,
  pty: Pty | undefined,
): Promise<ExecOutcome> {
  if (pty !== undefined && (await channels.requestPty(session, pty)) === false) {
    session.destroy();
    return { status: 'refused', description: 'it gives no pseudo-terminal' };
  }
  const isAccepted = await channels.requestProgram(session, program);
  if (isAccepted) return { status: 'started', session };
  session.destroy();
  if (isAccepted === false) return { status: 'refused', description: 'it refused the command' };
  return session.isClosedByHost ? { status: 'unanswered' } : { status: 'lost', isSent: true };
}
