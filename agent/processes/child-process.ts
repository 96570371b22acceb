import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { openPrivateFileToRead, openPrivateLog } from '../prefix/open-private-file.js';
import { dieWithParent, type ProgramAccount } from './build-child-command.js';
import type { Cgroup } from './cgroup.js';
import { processTreeOf } from './find-process-tree.js';
import { killAll, killAllOnce, terminate, untilGone } from './kill-processes.js';
import { isMarked, listProcesses, type ProcessEntry, readProcess } from './process-table.js';

export interface ChildOptions {
  /** Program and arguments; not run through a shell. */
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Standard output and error are appended to this file, created with mode 0600. */
  readonly logFile: string;
  /** `NAME=value`, added to the environment: marks the program and everything it starts, also for a later agent. */
  readonly mark?: string;
  /** The cgroup for the program and everything it starts. */
  readonly cgroup?: Cgroup | undefined;
  /** In octal, such as `007`, for the program alone. Default: this process's. */
  readonly umask?: string | undefined;
  /** How many files it may have open. Default: as many as this process. */
  readonly files?: number | undefined;
  /** Whom it runs as. Default: this process's user. */
  readonly account?: ProgramAccount | undefined;
}

/** How a child exited: with a code, or by a signal. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A program that the agent runs on its host: etcd, or a deployed app.
 *
 * It gets its own session, so a Ctrl-C for the agent does not reach it, and the kernel kills it if the agent is
 * killed. Everything it has started is stopped with it, see {@link processTreeOf}.
 */
export class Child {
  readonly exited: Promise<ChildExit>;
  readonly #process: ChildProcess;
  readonly #options: ChildOptions;
  readonly #root: ProcessEntry | undefined;
  readonly #logStart: number;
  #exit: ChildExit | undefined;

  private constructor(process: ChildProcess, options: ChildOptions, logStart: number) {
    this.#process = process;
    this.#options = options;
    this.#root = process.pid === undefined ? undefined : readProcess(process.pid);
    this.#logStart = logStart;
    this.exited = once(process, 'exit').then(([code, signal]) => {
      this.#exit = { code, signal };
      return this.#exit;
    });
  }

  /** Starts the program; rejects with the errno error if it cannot be executed. */
  static async start(options: ChildOptions): Promise<Child> {
    const { cwd, logFile, mark, cgroup } = options;
    const [name = '', value = ''] = mark?.split('=') ?? [];
    const environment = { ...options.environment, ...(mark === undefined ? {} : { [name]: value }) };
    const [program, ...args] = dieWithParent({ ...options, environment, procsFile: cgroup?.procs });
    const log = await openPrivateLog(logFile);
    try {
      const { size } = await log.stat();
      const child = spawn(program, args, {
        cwd,
        env: environment,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      });
      await once(child, 'spawn');
      return new Child(child, options, size);
    } finally {
      await log.close();
    }
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** How it exited; undefined while it runs. */
  get exit(): ChildExit | undefined {
    return this.#exit;
  }

  /**
   * The process that was started, distinguishable from a later one with its pid; undefined if it exited immediately.
   */
  get identity(): ProcessEntry | undefined {
    return this.#root;
  }

  /** The running processes of it and everything it started. */
  processes(): ProcessEntry[] {
    const { mark, cgroup } = this.#options;
    const criteria = {
      roots: this.#root === undefined ? [] : [this.#root],
      isMarked: (pid: number) => mark !== undefined && isMarked(pid, `${mark}\0`),
      inCgroup: cgroup?.members() ?? new Set<number>(),
    };
    return processTreeOf(listProcesses(), criteria, process.pid);
  }

  /**
   * Sends SIGTERM to the program and everything it started, and SIGKILL to what is left after `graceMs`; settles when
   * nothing is left.
   */
  async stop(graceMs: number): Promise<ChildExit> {
    const until = performance.now() + graceMs;
    const find = () => this.processes();
    terminate(find);
    const over = new AbortController();
    const late = delay(graceMs, undefined, { signal: over.signal }).catch(() => undefined); // it exited in time
    await Promise.race([this.exited, late]);
    over.abort();
    if (!(await untilGone(find, until - performance.now()))) await killAll(find);
    this.#options.cgroup?.remove();
    return this.exited;
  }

  /** Kills it and everything it started immediately, without waiting: for the third Ctrl-C. */
  kill(): void {
    killAllOnce(() => this.processes());
  }

  /** The last lines that this run wrote, or what is left of them since the log was rotated. */
  async logTail(lines = 20, maxBytes = 16_384): Promise<string> {
    const file = await openPrivateFileToRead(this.#options.logFile);
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
}

export { findProgram } from './find-program.js';
