import { once } from 'node:events';
import type { Log, LogLevel } from '../../../base/log.js';
import type { Ask } from '../../../tunnel/question-queue.js';
import { Tunnel } from '../../../tunnel/tunnel.js';
import { EXIT_CODES } from '../../exit-codes.js';
import { Interrupts } from '../../interrupts.js';
import { writeRemark } from '../../output/write-output.js';
import { controlPath, makeForwardsFolder } from '../forward-places.js';
import { readRoute, readStanding } from '../read-standing.js';
import { type ForwardSettings, type FromForward, type ToForward, toSentError } from '../start-messages.js';
import { claimControl } from './claim-control.js';
import { ForwardServer, targetOfSeed } from './forward-server.js';
import { TrustWatch } from './trust-watch.js';

/**
 * The process of a forward in the background, which `hawser forward start` starts: connects, with the questions of SSH asked by
 * that command, then serves until it is idle for too long, told to stop, or no longer trusted.
 */
export async function holdForward(): Promise<number> {
  // Nobody else may enter the sockets, not even while they are made.
  process.umask(0o077);
  process.chdir('/');
  using interrupts = new Interrupts();
  const starter = new Starter();
  const ending = new AbortController();
  const end = (reason: string): void => {
    if (!ending.signal.aborted) log('info', `Ending: ${reason}.`);
    ending.abort();
  };
  interrupts.signal.addEventListener('abort', () => end('interrupted'), { once: true });
  const log: Log = (level, message) => {
    keep(level, message);
    starter.send({ kind: 'log', level, message });
  };
  try {
    starter.onGone(() => end('the command that started it was interrupted'));
    await serve(await starter.settings(), { starter, log, signal: ending.signal, end });
    return EXIT_CODES.done;
  } catch (error) {
    // The command prints the error itself.
    if (!ending.signal.aborted) keep('error', error instanceof Error ? error.message : String(error));
    starter.send({ kind: 'failed', error: toSentError(error) });
    return EXIT_CODES.failed;
  } finally {
    starter.letGo();
  }
}

/** Writes to the log of the forward, which is its stderr. */
function keep(level: LogLevel, message: string): void {
  writeRemark(`${new Date().toISOString()} ${level}: ${message}`);
}

interface Holding {
  readonly starter: Starter;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly end: (reason: string) => void;
}

async function serve(settings: ForwardSettings, { starter, log, signal, end }: Holding): Promise<void> {
  const folder = await makeForwardsFolder();
  const route = await readRoute(settings, log, starter.ask);
  await using control = await claimControl(controlPath(folder, route.key), signal);
  if (control === undefined) {
    starter.send({ kind: 'taken' });
    return;
  }
  const probe = route.target.seeds.map(targetOfSeed);
  await using tunnel = await Tunnel.open({ ...route.options, probe }, { signal });
  // Not before: a host key that the person has just accepted is in their file now.
  const standing = await readStanding(route, signal);
  const trust = new TrustWatch(standing, async () =>
    readStanding(await readRoute(settings, () => {}), signal),
  );
  await using server = new ForwardServer({ folder, route, settings, control, tunnel, trust, log, end });
  const state = await server.begin(signal);
  log('info', `Connected to ${state.via}.`);
  starter.send({ kind: 'ready', state });
  starter.letGo();
  await server.untilIdle(signal);
}

/** The command that started this process. */
class Starter {
  readonly #answers = new Map<number, (answer: string | undefined) => void>();
  #lastId = 0;
  #isNeeded = true;

  constructor() {
    process.on('message', (message: ToForward) => {
      if (message.kind === 'answer') this.#answers.get(message.id)?.(message.answer);
    });
    process.on('disconnect', () => {
      for (const answer of this.#answers.values()) answer(undefined);
    });
  }

  async settings(): Promise<ForwardSettings> {
    const [message] = (await once(process, 'message')) as [ToForward];
    if (message.kind !== 'settings') throw new TypeError('expected settings first');
    return message.settings;
  }

  send(message: FromForward): void {
    if (process.connected) process.send?.(message);
  }

  /** Calls back if the command ends before {@link letGo}. */
  onGone(gone: () => void): void {
    process.once('disconnect', () => {
      if (this.#isNeeded) gone();
    });
  }

  /** This process stays without it. */
  letGo(): void {
    this.#isNeeded = false;
    if (process.connected) process.disconnect();
  }

  /** Has the command ask. Once it is gone there is no answer. */
  readonly ask: Ask = async (question, { signal }) => {
    if (!process.connected) return undefined;
    signal.throwIfAborted();
    this.#lastId += 1;
    const id = this.#lastId;
    const withdraw = (): void => {
      this.send({ kind: 'withdrawn', id });
      this.#answers.get(id)?.(undefined);
    };
    signal.addEventListener('abort', withdraw, { once: true });
    try {
      this.send({ kind: 'question', id, question });
      return await new Promise<string | undefined>((resolve) => this.#answers.set(id, resolve));
    } finally {
      this.#answers.delete(id);
      signal.removeEventListener('abort', withdraw);
    }
  };
}
