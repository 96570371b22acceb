import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { onAbort, pause } from '../../base/abort.js';
import { TunnelError } from '../errors.js';
import { NoSessionError, type RemoteCommand } from '../exec/remote-command.js';
import { shorten } from '../format-for-message.js';
import type { PausableTimeout } from '../pausable-timeout.js';
import type { Link } from '../transport/transport.js';
import { CommandOpening, type Said } from './await-command-greeting.js';
import { CommandStream } from './command-stream.js';
import type { CommandQuestion, CommandTarget } from './forward-target.js';

/** How long to wait for a session of the connection to become free, and how often to ask. */
const SESSION_WAIT = { forMs: 5_000, everyMs: 200 };

/** How long the end of a connection may take to be noticed after that of a command on it. */
const LOSS_NOTICED_WITHIN_MS = 200;

/** How long what a command said may take after it has ended. */
const LAST_WORDS_WITHIN_MS = 1_000;

/** A command ended before it was connected. To run it again costs the host more than a channel does. */
export class NotConnectedError extends TunnelError {
  constructor(host: string, message: string) {
    super('forward-refused', host, message);
  }
}

export interface OpenOptions {
  /** Gives up; rejects with `signal.reason`. */
  readonly signal: AbortSignal;
  /** For errors: `user@host:port`. */
  readonly host: string;
  /** Pauses while a question of a command is answered. */
  readonly timeLimit?: PausableTimeout | undefined;
  /** Resolves when a question may be answered, rejects when none may. Default: at once. */
  readonly mayAnswer?: (() => Promise<void>) | undefined;
}

/**
 * Runs a command and waits until it is connected.
 *
 * @throws TunnelError `forward-refused` with the command's own words when it ends instead, `auth-failed` when its question
 * got no right answer, `exec-refused` when the host does not run it, `closed` when the connection was lost first
 */
export async function openCommand(link: Link, target: CommandTarget, options: OpenOptions): Promise<Duplex> {
  const { signal, timeLimit } = options;
  signal.throwIfAborted();
  const over = new AbortController();
  const unlisten = onAbort([signal], () => over.abort(signal.reason));
  try {
    let opening = await start(link, target, over.signal);
    let said = await opening.next(over.signal);
    if (said === 'question' && target.question !== undefined) {
      const resume = timeLimit?.pause();
      try {
        ({ opening, said } = await answered({ opening, said }, target.question, {
          ...options,
          restart: () => start(link, target, over.signal),
        }));
      } finally {
        resume?.();
      }
    }
    if (said === 'connected') return new CommandStream(opening.command);
    throw await refused(opening, target, options.host);
  } catch (error) {
    over.abort(error);
    signal.throwIfAborted();
    throw await lostOr(error, link, options.host);
  } finally {
    unlisten();
  }
}

/** A host that has no session free gets one when another command of ours ends. */
async function start(link: Link, target: CommandTarget, signal: AbortSignal): Promise<CommandOpening> {
  const until = performance.now() + SESSION_WAIT.forMs;
  for (;;) {
    try {
      return new CommandOpening(await link.exec(target.command, { signal }), target);
    } catch (error) {
      if (!(error instanceof NoSessionError) || performance.now() > until) throw error;
      await pause(SESSION_WAIT.everyMs, signal);
      signal.throwIfAborted();
    }
  }
}

interface Attempt {
  readonly opening: CommandOpening;
  readonly said: Said;
}

/** Each answer that was wrong costs a command of its own: how many one takes is for the host to decide. */
async function answered(
  first: Attempt,
  question: CommandQuestion,
  { host, signal, mayAnswer, restart }: OpenOptions & { readonly restart: () => Promise<CommandOpening> },
): Promise<Attempt> {
  await mayAnswer?.();
  let { opening, said } = first;
  let isFresh = true;
  const verify = async (answer: string): Promise<boolean> => {
    if (!isFresh) {
      await opening.command.close();
      opening = await restart();
      said = await opening.next(signal);
      if (said !== 'question') return true;
    }
    isFresh = false;
    opening.answer(answer);
    said = await opening.next(signal);
    return said !== 'question';
  };
  try {
    await question.answer({ verify, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TunnelError) throw error;
    throw new TunnelError('auth-failed', host, (error as Error).message, { cause: error });
  }
  return { opening, said };
}

async function refused(
  opening: CommandOpening,
  target: CommandTarget,
  host: string,
): Promise<NotConnectedError> {
  const { command } = opening;
  await lastWords(command);
  const { words } = opening;
  await command.close();
  const exit = await command.exit.catch(() => undefined);
  const how =
    exit === undefined
      ? 'it printed something else'
      : `it ended with ${exit.signal ?? `exit code ${exit.code}`}`;
  const said = words === '' ? how : shorten(words.replaceAll(/\s+/g, ' '));
  return new NotConnectedError(
    host,
    `${target.name} on ${host} did not connect: ${said.replace(/\.$/, '')}.`,
  );
}

/** What a command said last may come after its end. One that goes on is not waited for. */
async function lastWords({ exit, stderr }: RemoteCommand): Promise<void> {
  const hasEnded = await Promise.race([exit.then(() => true), pause(0).then(() => false)]).catch(() => false);
  if (!hasEnded || stderr.readableEnded || stderr.destroyed) return;
  const over = Promise.race([once(stderr, 'end'), once(stderr, 'close'), pause(LAST_WORDS_WITHIN_MS)]);
  await over.catch(() => undefined); // the connection broke: there is no more
}

/** Nothing was sent yet: a command that ended with its connection may be run on the next one. */
async function lostOr(error: unknown, link: Link, host: string): Promise<unknown> {
  if (!(error instanceof TunnelError) || error.code !== 'outcome-unknown') return error;
  const isLost = await Promise.race([link.closed.then(() => true), pause(LOSS_NOTICED_WITHIN_MS)]);
  if (isLost !== true) return error;
  return new TunnelError('closed', host, `The connection to ${host} was lost.`, { cause: error });
}
