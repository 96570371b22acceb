import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { Fleet } from '../../fixtures/index.js';

const script = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/** A folder for one test that stands for a person's home, so that nobody's own config or known_hosts is used. */
export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-cli-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the command line as a person's shell would, without a terminal. */
export async function hawser(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const child = startHawser(args, options);
  child.stdin?.end(options.input ?? '');
  if (child.stdout === null || child.stderr === null) throw new TypeError('both outputs are pipes');
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { code, stdout, stderr };
}

/** Starts it and leaves it running. */
export function startHawser(args: readonly string[], options: RunOptions = {}): ChildProcess {
  const home = options.cwd ?? '/nonexistent';
  return spawn(process.execPath, [script, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { PATH: process.env['PATH'], HOME: home, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** The flags that reach a fleet. */
export function connectionFlags(fleet: Fleet): string[] {
  const seeds =
    fleet.backend === 'containers' ? [] : fleet.hosts.flatMap(({ clientUrl }) => ['--seeds', clientUrl]);
  return [
    ...fleet.hosts.flatMap(({ destination }) => ['--ssh-url', destination]),
    ...['--ssh-known-hosts', fleet.knownHostsFile, '--ssh-id', fleet.identityFile],
    ...seeds,
  ];
}
