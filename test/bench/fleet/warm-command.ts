import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { programFile } from '../../../fixtures/fleet/project-paths.js';
import type { Effort } from '../effort.js';
import { compare, type Topic } from '../report.js';
import { median } from '../statistics.js';
import { Stand } from '../tunnel/stand.js';
import { type Taken, timedProgram } from './timed-program.js';

const TARGET = { warmMs: 150, cpu: 2, start: 1.5 };

/** Small programs differ more from one run to the next than large ones. */
const TURNS_EACH_ROUND = 5;

/** `hawser str get` through a forward in the background, beside what Node itself takes. */
export async function* measureWarmCommand({ rounds }: Effort): AsyncGenerator<Topic> {
  await using stand = await Stand.start();
  const home = await mkdtemp(path.join(tmpdir(), 'bench-home-'));
  const { user, host, port } = stand.sshd.destination;
  const flags = [
    ...['--ssh-url', `${user}@${host}:${port}`, '--ssh-id', stand.sshd.identityFile],
    ...['--ssh-known-hosts', stand.sshd.knownHostsFile, '--seeds', stand.etcd.url],
  ];
  const env = { HOME: home, XDG_RUNTIME_DIR: '' };
  const hawser = (...args: string[]) => timedProgram([process.execPath, programFile, ...args], env);
  const commands = {
    'node -e 0': () => timedProgram([process.execPath, '-e', '0'], env),
    'str get, forward in the background': () => hawser('str', 'get', 'bench', ...flags),
    'str get, SSH of its own': () => hawser('str', 'get', 'bench', ...flags, '--transport', 'ssh2'),
  };
  try {
    await hawser('str', 'set', 'bench', 'value', ...flags);
    await hawser('forward', 'start', ...flags);
    const taken = new Map<string, Taken[]>();
    for (let turn = 0; turn < rounds * TURNS_EACH_ROUND; turn += 1)
      for (const [name, run] of Object.entries(commands))
        taken.set(name, [...(taken.get(name) ?? []), await run()]);
    yield warmTopic(taken);
  } finally {
    await hawser('forward', 'stop', '--all');
    await rm(home, { recursive: true, force: true });
  }
}

function warmTopic(taken: ReadonlyMap<string, readonly Taken[]>): Topic {
  const all = (name: string, field: keyof Taken) => (taken.get(name) ?? []).map((one) => one[field]);
  const [node = '', warm = ''] = taken.keys();
  return {
    title: 'A command through a forward in the background',
    columns: ['ms', 'CPU ms'],
    rows: [...taken.keys()].map((name) => ({
      name,
      values: [median(all(name, 'wallMs')), median(all(name, 'cpuMs'))],
    })),
    checks: [
      { what: 'str get, ms', got: median(all(warm, 'wallMs')), sense: 'at most', wanted: TARGET.warmMs },
      compare({
        what: 'its CPU against node -e 0',
        of: all(warm, 'cpuMs'),
        against: all(node, 'cpuMs'),
        sense: 'at most',
        wanted: TARGET.cpu,
      }),
    ],
  };
}

/** How long commands take to their first byte on the network, beside what Node takes to start and end. */
export async function* measureFirstByte({ rounds }: Effort): AsyncGenerator<Topic> {
  const server = createServer((socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const seeds = ['--seeds', `http://127.0.0.1:${port}`];
  const ssh = ['--ssh-url', `root@127.0.0.1:${port}`, '--ssh-config', 'none'];
  const commands: Readonly<Record<string, readonly string[]>> = {
    'str get, etcd itself': ['str', 'get', 'bench', ...seeds],
    'status, etcd itself': ['status', ...seeds],
    'str get, SSH': ['str', 'get', 'bench', ...ssh],
    'exec, SSH': ['exec', '--ssh-config', 'none', '--json', `root@127.0.0.1:${port}`, '-c', 'true'],
  };
  try {
    const node: number[] = [];
    const taken = new Map<string, number[]>();
    for (let turn = 0; turn < rounds * TURNS_EACH_ROUND; turn += 1) {
      node.push(await untilFirstByte(server, ['-e', '0']));
      for (const [name, args] of Object.entries(commands))
        taken.set(name, [
          ...(taken.get(name) ?? []),
          await untilFirstByte(server, [programFile, ...args, '--timeout', '5s']),
        ]);
    }
    yield {
      title: 'From the start of a command to its first byte on the network',
      columns: ['ms'],
      rows: [...taken, ['node -e 0', node] as const].map(([name, ms]) => ({ name, values: [median(ms)] })),
      checks: [...taken].map(([name, of]) =>
        compare({
          what: `${name}, against node -e 0`,
          of,
          against: node,
          sense: 'at most',
          wanted: TARGET.start,
        }),
      ),
      notes: ['node -e 0 is measured to its end'],
    };
  } finally {
    server.close();
  }
}

/** Runs a program of Node until it connects, or to its end. */
async function untilFirstByte(server: Server, args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await Promise.race([once(server, 'connection'), ended]);
  const tookMs = performance.now() - start;
  child.kill('SIGKILL');
  await ended;
  return tookMs;
}
