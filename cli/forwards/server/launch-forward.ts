import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { onAbort } from '../../../base/abort.js';
import type { Log } from '../../../base/log.js';
import type { Ask, Question } from '../../../tunnel/question-queue.js';
import { CliError } from '../../errors.js';
import { PASSWORD_VARIABLE } from '../../fleet/etcd-user.js';
import { makePrivateFolder } from '../../system/private-files.js';
import { ownStateFolder } from '../../system/user-folders.js';
import type { ForwardState } from '../control-protocol.js';
import { type ForwardSettings, type FromForward, fromSentError, type ToForward } from '../start-messages.js';
import { HOLD_FORWARD } from './hold-forward-name.js';

/** Variables with secrets, which a process must not keep that outlives its command. */
const SECRET_VARIABLES: readonly string[] = [PASSWORD_VARIABLE, 'SSHPASS'];

/** A log that has grown to this is begun again. */
const MAX_LOG_BYTES = 1_048_576;

interface LaunchOptions {
  /** Names its log. */
  readonly id: string;
  /** Asks the questions of SSH. */
  readonly ask: Ask | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Starts the process of a forward, in a session of its own, and waits until it is connected. Undefined if another one has taken its
 * place. An abort rejects with `signal.reason` and ends the process.
 *
 * @throws what kept it from connecting; CliError `usage`, `not-yours` where it has no place for its log
 */
export async function launchForward(
  settings: ForwardSettings,
  options: LaunchOptions,
): Promise<ForwardState | undefined> {
  const { id, signal } = options;
  await using logFile = await openLog(id);
  const kept = Object.entries(process.env).filter(([name]) => !SECRET_VARIABLES.includes(name));
  const [, program = ''] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, program, HOLD_FORWARD, settings.label], {
    detached: true,
    cwd: '/',
    env: Object.fromEntries(kept),
    stdio: ['ignore', logFile.fd, logFile.fd, 'ipc'],
  });
  const unlisten = onAbort([signal], () => child.kill());
  try {
    return await new Launch(child, options).untilReady(settings);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    unlisten();
    if (child.connected) child.disconnect();
    child.unref();
  }
}

async function openLog(id: string): Promise<FileHandle> {
  const state = ownStateFolder();
  if (state === undefined) {
    throw new CliError('usage', 'Your user has no home directory to keep a log in: set XDG_STATE_HOME.');
  }
  const folder = path.join(state, 'forwards');
  await makePrivateFolder(folder, 'Cannot keep logs in');
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;
  const handle = await open(
    path.join(folder, `${id}.log`),
    O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW,
    0o600,
  );
  const { size } = await handle.stat();
  if (size > MAX_LOG_BYTES) await handle.truncate(0);
  return handle;
}

/** The conversation with a forward until it is ready. */
class Launch {
  readonly #child: ChildProcess;
  readonly #options: LaunchOptions;
  readonly #asked = new Map<number, AbortController>();
  /** What a question ended with instead of an answer. */
  #failure: unknown;

  constructor(child: ChildProcess, options: LaunchOptions) {
    this.#child = child;
    this.#options = options;
  }

  untilReady(settings: ForwardSettings): Promise<ForwardState | undefined> {
    return new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('exit', (code, name) =>
        reject(new Error(`The process of the forward ended early (${name ?? `exit code ${code}`}).`)),
      );
      this.#child.on('message', (message: FromForward) => {
        if (message.kind === 'ready') resolve(message.state);
        else if (message.kind === 'taken') resolve(undefined);
        else if (message.kind === 'failed') reject(this.#failure ?? fromSentError(message.error));
        else this.#listen(message);
      });
      this.#send({ kind: 'settings', settings });
    });
  }

  #listen(message: Exclude<FromForward, { readonly kind: 'ready' | 'taken' | 'failed' }>): void {
    if (message.kind === 'log') this.#options.log(message.level, message.message);
    else if (message.kind === 'withdrawn') this.#asked.get(message.id)?.abort();
    else void this.#answer(message.id, message.question);
  }

  async #answer(id: number, question: Question): Promise<void> {
    const { ask, signal } = this.#options;
    const withdrawn = new AbortController();
    this.#asked.set(id, withdrawn);
    try {
      const answer = await ask?.(question, { signal: AbortSignal.any([withdrawn.signal, signal]) });
      this.#send({ kind: 'answer', id, ...(answer === undefined ? {} : { answer }) });
    } catch (error) {
      if (!withdrawn.signal.aborted) this.#failure = error;
      this.#send({ kind: 'answer', id });
    } finally {
      this.#asked.delete(id);
    }
  }

  #send(message: ToForward): void {
    if (this.#child.connected) this.#child.send(message);
  }
}
