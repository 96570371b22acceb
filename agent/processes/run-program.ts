import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { onAbort } from '../../base/abort.js';
import { dieWithParent, type ProgramAccount } from './build-child-command.js';
import type { Cgroup } from './cgroup.js';
import type { ChildExit } from './child-process.js';
import { processTreeOf } from './find-process-tree.js';
import { killAll } from './kill-processes.js';
import { isMarked, listProcesses, type ProcessEntry, readProcess } from './process-table.js';

/** How much of what a program writes is kept: the end of it. */
const MOST_OUTPUT_BYTES = 16_384;
const MOST_OUTPUT_LINES = 20;

/** How long the rest of the output may take after the program has exited: what it left running may hold the pipe. */
const LAST_OUTPUT_MS = 200;

export interface RunOptions {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Whom it runs as. Default: this process's user. */
  readonly account?: ProgramAccount | undefined;
  /** `NAME=value`, unique to this run: marks it and everything it starts. */
  readonly mark: string;
  readonly cgroup?: Cgroup | undefined;
  /** It is killed, with everything it has started, when this time is over. */
  readonly timeoutMs: number;
  /** An abort kills it in the same way. */
  readonly signal: AbortSignal;
}

export interface RunResult {
  readonly exit: ChildExit;
  /** It was killed at its time limit. */
  readonly timedOut: boolean;
  /** The last lines that it wrote, to either output. */
  readonly outputTail: string;
  /** The processes that it left running, which were killed. */
  readonly left: readonly ProcessEntry[];
}

/**
 * Runs a program to its end, in a session of its own. Nothing that it started is left when this resolves, however it
 * ended.
 *
 * @throws the errno error if it cannot be executed; the signal's reason after an abort.
 */
export async function runProgram(options: RunOptions): Promise<RunResult> {
  const { signal, timeoutMs, cgroup } = options;
  signal.throwIfAborted();
  const child = await start(options);
  const output = collectOutput(child);
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const find = finderOf(options, child);
  let timedOut = false;
  const end = (): void => void killAll(find);
  const unlisten = onAbort([signal], end);
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, timeoutMs);
  try {
    const [code, killedBy] = await exited;
    await Promise.race([output.closed, delay(LAST_OUTPUT_MS)]);
    const left = find();
    if (left.length > 0) await killAll(find);
    signal.throwIfAborted();
    return { exit: { code, signal: killedBy }, timedOut, outputTail: output.tail(), left };
  } finally {
    clearTimeout(timer);
    unlisten();
    child.stdout?.destroy();
    child.stderr?.destroy();
    cgroup?.remove();
  }
}

async function start({ environment, mark, cgroup, ...options }: RunOptions): Promise<ChildProcess> {
  const equals = mark.indexOf('=');
  const env = { ...environment, [mark.slice(0, equals)]: mark.slice(equals + 1) };
  const [program, ...args] = dieWithParent({ ...options, environment: env, procsFile: cgroup?.procs });
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child = spawn(program, args, { cwd: options.cwd, env, detached: true, stdio: [...stdio] });
  await once(child, 'spawn');
  return child;
}

function finderOf({ mark, cgroup }: RunOptions, { pid }: ChildProcess): () => ProcessEntry[] {
  const root = pid === undefined ? undefined : readProcess(pid);
  return () =>
    processTreeOf(
      listProcesses(),
      {
        roots: root === undefined ? [] : [root],
        isMarked: (other) => isMarked(other, `${mark}\0`),
        inCgroup: cgroup?.members() ?? new Set<number>(),
      },
      process.pid,
    );
}

function collectOutput(child: ChildProcess): { closed: Promise<unknown>; tail: () => string } {
  let kept = Buffer.alloc(0);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (piece: Buffer) => {
      kept = Buffer.concat([kept, piece]).subarray(-MOST_OUTPUT_BYTES);
    });
    stream?.on('error', () => undefined); // the pipe of a killed program
  }
  const closed = once(child, 'close');
  return {
    closed,
    tail: () => kept.toString('utf8').trimEnd().split('\n').slice(-MOST_OUTPUT_LINES).join('\n'),
  };
}
