import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../../fixtures/fleet/run-command.js';
import type { Effort } from '../effort.js';
import type { EnterHostsTask } from '../programs/enter-hosts.js';
import { type Check, compare, type Topic } from '../report.js';
import { median } from '../statistics.js';
import { LoopbackHosts } from './loopback-hosts.js';

const HOSTS = 50;
/** The key exchange of OpenSSH 9 costs more CPU than the one that ssh2 has. */
const CHEAPEST_KEX = 'KexAlgorithms=curve25519-sha256';

const program = fileURLToPath(new URL('../programs/enter-hosts.js', import.meta.url));

/** One program that runs one operation on each of many hosts. */
interface Runner {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
}

/** Connecting to many hosts at once and doing one thing on each. */
export async function* measureManyHosts({ rounds, isQuick }: Effort): AsyncGenerator<Topic> {
  await using hosts = await LoopbackHosts.start(HOSTS);
  const { runners, missing } = await runnersFor(hosts);
  const turns = isQuick ? 1 : rounds;
  const cold = new Map<string, number[]>();
  const warm: number[] = [];
  for (let round = 0; round < turns; round += 1) {
    const mine = await enterAll(hosts);
    cold.set('ours', [...(cold.get('ours') ?? []), mine.coldMs]);
    warm.push(mine.warmMs);
    for (const { name, argv } of runners) {
      cold.set(name, [...(cold.get(name) ?? []), await timed(argv)]);
    }
  }
  const of = (name: string) => median(cold.get(name) ?? []);
  const checks = runners.map(
    ({ name }): Check =>
      compare({
        what: `${name} against ours`,
        of: cold.get(name) ?? [],
        against: cold.get('ours') ?? [],
        sense: 'at least',
        wanted: name.endsWith('best') ? 1 : 2,
      }),
  );
  yield {
    title: `One operation on each of ${HOSTS} hosts, ms for the whole program`,
    columns: ['cold', 'warm'],
    rows: [
      { name: 'ours', values: [of('ours'), median(warm)] },
      ...runners.map(({ name }) => ({ name, values: [of(name), undefined] })),
    ],
    checks: [...checks, { what: 'ours, warm, ms', got: median(warm), sense: 'at most', wanted: 200 }],
    notes: [
      'ours: a connection through a forward and an answer from beyond it; the others: the command true',
      ...missing.map((name) => `${name} is not installed: left out`),
    ],
  };
}

async function enterAll(hosts: LoopbackHosts): Promise<{ readonly coldMs: number; readonly warmMs: number }> {
  const task: EnterHostsTask = hosts.task;
  const start = performance.now();
  const child = spawn(process.execPath, [program, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, 'line');
  const coldMs = performance.now() - start;
  if (line !== 'answered') throw new Error(String(line));
  child.stdin.end('again\n');
  const [warmMs] = await once(lines, 'line');
  await once(child, 'exit');
  return { coldMs, warmMs: Number(warmMs) };
}

async function runnersFor(hosts: LoopbackHosts) {
  const options = ['-F', '/dev/null', ...hosts.sshOptions.flatMap((option) => ['-o', option])].join(' ');
  const best = `${options} -o ${CHEAPEST_KEX}`;
  const searchPath = process.env['PATH'] ?? '';
  const pssh = (await findProgram('parallel-ssh', searchPath)) ?? (await findProgram('pssh', searchPath));
  const clush = await findProgram('clush', searchPath);
  const onPssh = (extra: readonly string[], ssh: string) =>
    [pssh ?? '', '-h', hosts.listFile, ...extra, '-x', ssh, 'true'] as const;
  const onClush = (extra: readonly string[], ssh: string) =>
    [clush ?? '', '-q', '-w', hosts.addresses.join(','), ...extra, '-o', ssh, 'true'] as const;
  const runners: Runner[] = [
    { name: 'pssh', argv: onPssh([], options) },
    { name: 'pssh at its best', argv: onPssh(['-p', String(HOSTS)], best) },
    { name: 'clush', argv: onClush([], options) },
    { name: 'clush at its best', argv: onClush(['-f', String(HOSTS)], best) },
  ];
  return {
    runners: runners.filter(({ argv }) => argv[0] !== ''),
    missing: [...(pssh ? [] : ['pssh']), ...(clush ? [] : ['clush'])],
  };
}

async function timed([command, ...args]: readonly [string, ...string[]]): Promise<number> {
  const start = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${said.slice(-500)}`);
  return performance.now() - start;
}
