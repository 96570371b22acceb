import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface ChildOptions {
  /** Program and arguments; never given to a shell. */
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Both outputs are appended to this file (made 0600). */
  readonly logFile: string;
}

/** How a child ended: by itself with a code, or by a signal. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A program that the agent runs on its host: etcd, or a deployed app.
 *
 * It gets a process group of its own, so that a ^C meant for the agent does not reach it, and the kernel
 * ends it when the agent dies without a word (`setpriv --pdeathsig`, where util-linux has it).
 */
export class Child {
  readonly exited: Promise<ChildExit>;
  readonly #process: ChildProcess;
  readonly #logFile: string;
  readonly #logStart: number;
  #exit: ChildExit | undefined;

  private constructor(process: ChildProcess, logFile: string, logStart: number) {
    this.#process = process;
    this.#logFile = logFile;
    this.#logStart = logStart;
    this.exited = once(process, 'exit').then(([code, signal]) => {
      this.#exit = { code, signal };
      return this.#exit;
    });
  }

  /** Starts the program; rejects with the errno error when it cannot be executed. */
  static async start(options: ChildOptions): Promise<Child> {
    const log = await open(options.logFile, 'a', 0o600);
    try {
      const { size } = await log.stat();
      const [program, ...args] = tiedToUs(options.argv, options.environment);
      const child = spawn(program, args, {
        cwd: options.cwd,
        env: options.environment,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      });
      await once(child, 'spawn');
      return new Child(child, options.logFile, size);
    } finally {
      await log.close();
    }
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** How it ended; undefined while it runs. */
  get exit(): ChildExit | undefined {
    return this.#exit;
  }

  /** SIGTERM to the whole group, SIGKILL after `graceMs`; settles when the program is gone. */
  async stop(graceMs: number): Promise<ChildExit> {
    if (this.#exit !== undefined) {
      this.#signalGroup('SIGKILL');
      return this.#exit;
    }
    const timer = new AbortController();
    this.#signalGroup('SIGTERM');
    await Promise.race([
      this.exited,
      delay(graceMs, undefined, { signal: timer.signal }).catch((error: unknown) => {
        if (!timer.signal.aborted) throw error;
      }),
    ]);
    timer.abort();
    // Also where the program itself ended in time: what it left running in its group goes with it.
    this.#signalGroup('SIGKILL');
    return this.exited;
  }

  /** Ends the group at once, without waiting: for the third ^C. */
  kill(): void {
    this.#signalGroup('SIGKILL');
  }

  /** The last lines that this run of the program wrote, or of what is left of them since the log was put aside. */
  async logTail(lines = 20, maxBytes = 16_384): Promise<string> {
    const file = await open(this.#logFile, 'r');
    try {
      const { size } = await file.stat();
      const start = size < this.#logStart ? 0 : this.#logStart;
      const from = Math.max(start, size - maxBytes);
      if (size <= from) return '';
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
      return buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').slice(-lines).join('\n');
    } finally {
      await file.close();
    }
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Wraps a command so that the kernel kills it when we die; unchanged where `setpriv` is not installed. */
function tiedToUs(
  argv: readonly [string, ...string[]],
  environment: NodeJS.ProcessEnv,
): [string, ...string[]] {
  const program = findProgram(argv[0], environment['PATH']);
  // Resolved here so that a missing program is our ENOENT and not a line from setpriv in a log.
  if (program === undefined) return [...argv];
  const setpriv = findProgram('setpriv', environment['PATH']);
  if (setpriv === undefined) return [program, ...argv.slice(1)];
  return [setpriv, '--pdeathsig', 'KILL', '--', program, ...argv.slice(1)];
}

/** The path of an executable file: as given when it holds a slash, else the first in `searchPath`. */
export function findProgram(name: string, searchPath = ''): string | undefined {
  const candidates = name.includes('/')
    ? [name]
    : searchPath.split(path.delimiter).map((folder) => path.join(folder, name));
  return candidates.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile(); // a folder may be "executed" too
  } catch {
    return false; // absent or not executable: both mean "look further"
  }
}
