import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import { programFile } from '../../../fixtures/fleet/project-paths.js';
import type { Fleet } from '../../../fixtures/index.js';
import type { SshWorld } from '../../../world/index.js';
import type { Printed } from './check-json-output.js';

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Buffer;
  /** Another build of it. */
  readonly program?: string;
}

/** A directory for one test that stands for a person's home, so that nobody's own config or known_hosts is used. */
export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-cli-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the command line as a person's shell would, without a terminal. */
export async function hawser(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const child = startHawser(args, options);
  child.stdin?.on('error', () => undefined); // it need not read all of it
  child.stdin?.end(options.input ?? '');
  if (child.stdout === null || child.stderr === null) throw new TypeError('both outputs are pipes');
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  await checkIfJson({ args, stdout, stderr });
  return { code, stdout, stderr };
}

/** Only tests that print JSON load what checks it. */
async function checkIfJson(printed: Printed): Promise<void> {
  if (!printed.args.includes('--json')) return;
  const { checkJsonOutput } = await import('./check-json-output.js');
  checkJsonOutput(printed);
}

/** The last JSON value that a command printed: how it ended, after how it went. */
export function lastJson(stdout: string) {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

/** Starts it and leaves it running. */
export function startHawser(args: readonly string[], options: RunOptions = {}): ChildProcess {
  const home = options.cwd ?? '/nonexistent';
  return spawn(process.execPath, [options.program ?? programFile, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { PATH: process.env['PATH'], HOME: home, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** The flags that reach a fleet. */
export function connectionFlags(fleet: Fleet): string[] {
  return [
    ...fleet.hosts.flatMap(({ destination }) => ['--ssh-url', destination]),
    ...['--ssh-known-hosts', fleet.knownHostsFile, '--ssh-id', fleet.identityFile],
    ...fleet.hosts.filter(({ server }) => server).flatMap(({ clientUrl }) => ['--seeds', clientUrl]),
  ];
}

/** Waits until the agent of every host has registered. */
export async function agentsRegistered(fleet: Fleet): Promise<void> {
  await using world = await openWorld(fleet);
  const signal = AbortSignal.timeout(60_000);
  for await (const _ of world.watchAgents({ signal })) {
    const agents = await world.getAgents({ signal });
    if (fleet.hosts.every(({ name }) => agents.has(name))) return;
  }
  const logs = await Promise.all(fleet.hosts.map(async (host) => `${host.name}: ${await host.agentLog()}`));
  throw new Error(`not every agent registered:\n${logs.join('\n')}`);
}

/** The World of a fleet, through SSH. */
export async function openWorld(fleet: Fleet, hostname = 'controller'): Promise<SshWorld> {
  // Most of those who run the command line need neither, and loading them takes half the time that a test file needs.
  const [{ parseDestination }, { SshWorld }] = await Promise.all([
    import('../../../tunnel/index.js'),
    import('../../../world/index.js'),
  ]);
  return SshWorld.open(
    {
      hostname,
      seeds: fleet.hosts.filter(({ server }) => server).map(({ clientUrl }) => clientUrl),
      ssh: {
        destinations: fleet.hosts.map(({ destination }) =>
          parseDestination(destination, { defaultUser: 'root' }),
        ),
        knownHostsFiles: [fleet.knownHostsFile],
        identityFiles: [fleet.identityFile],
      },
    },
    { lazy: true },
  );
}

/** Waits until a stream has shown a text, without ending it. */
export async function shown(stream: NodeJS.ReadableStream | null, expected: RegExp): Promise<void> {
  let seen = '';
  await new Promise<void>((resolve, reject) => {
    stream?.on('data', function look(chunk: Buffer) {
      seen += chunk.toString();
      if (!expected.test(seen)) return;
      stream.off('data', look);
      resolve();
    });
    stream?.once('end', () => reject(new Error(`ended before ${expected} was shown:\n${seen}`)));
  });
}
