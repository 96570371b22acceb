import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Etcd3 } from 'etcd3';
import { resolveEtcd } from '../../../fixtures/fleet/install/etcd-binary.js';
import { programFile } from '../../../fixtures/fleet/project-paths.js';
import type { Effort } from '../effort.js';
import { type Check, compare, type Topic } from '../report.js';
import { median } from '../statistics.js';
import type { Stand } from './stand.js';
import { direct, sshForward, type Way } from './way.js';

const MIB = 1 << 20;

const COLUMNS = [
  'etcd3 get/s',
  'etcd3 get/s, 64',
  'etcd3 get MB/s',
  'etcd3 put MB/s',
  'etcdctl get MB/s',
  'etcdctl put/s',
];

/** Other people's clients at their own defaults, through the forward that the command line makes. */
export async function* measureClients(
  stand: Stand,
  { rounds, durationMs, isQuick }: Effort,
): AsyncGenerator<Topic> {
  const etcdctl = path.join(path.dirname((await resolveEtcd()).etcd), 'etcdctl');
  await using ssh = await sshForward(stand, { session: false });
  await using mine = await hawserForward(stand);
  await using overTcp = await hawserForward(stand, '127.0.0.1:0');
  const straight = direct(stand);
  const ways = [straight, ssh, mine, overTcp];
  const measured = new Map<Way, number[][]>(ways.map((way) => [way, []]));
  await fill(stand);
  for (let round = 0; round < rounds; round += 1) {
    for (const [way, results] of measured) {
      const untuned = await measureEtcd3(way.url, durationMs);
      const commands = existsSync(etcdctl)
        ? await measureEtcdctl(etcdctl, way.url)
        : [Number.NaN, Number.NaN];
      results.push([...untuned, ...commands]);
    }
  }
  const all = (way: Way, column: number) =>
    (measured.get(way) ?? []).map((values) => values[column] ?? Number.NaN);
  const of = (way: Way, column: number) => median(all(way, column));
  yield {
    title: "Other people's clients with their defaults",
    columns: COLUMNS,
    rows: ways.map((way) => ({ name: way.name, values: COLUMNS.map((_, column) => of(way, column)) })),
    checks: COLUMNS.flatMap((what, column): Check[] => [
      compare({
        what: `${what}, ${mine.name} against direct`,
        of: all(mine, column),
        against: all(straight, column),
        sense: 'at least',
        wanted: 0.8,
      }),
      compare({
        what: `${what}, ${overTcp.name} against its unix socket`,
        of: all(overTcp, column),
        against: all(mine, column),
        sense: 'at least',
        wanted: 0.7,
      }),
    ]),
    notes: existsSync(etcdctl) ? [] : ['etcdctl was not found beside etcd: left out'],
  };
  if (!isQuick && existsSync(etcdctl)) yield await measureCheckPerf(etcdctl, ways);
}

/** What etcd's own check says of each way; it offers 150 writes a second for a minute. */
async function measureCheckPerf(etcdctl: string, ways: readonly Way[]): Promise<Topic> {
  const rows: { name: string; values: number[] }[] = [];
  for (const way of ways) {
    const said = await run(etcdctl, way.url, ['check', 'perf', '--load', 's']);
    const number = (pattern: RegExp) => Number(pattern.exec(said)?.[1] ?? Number.NaN);
    const values = [/Throughput is (\d+) writes/, /Slowest request took ([\d.]+)s/, /Stddev is ([\d.]+)s/];
    rows.push({ name: way.name, values: values.map(number) });
  }
  const [directly = Number.NaN, , mine = Number.NaN] = rows.map(({ values }) => values[0]);
  return {
    title: 'etcdctl check perf, small load',
    columns: ['writes/s', 'slowest s', 'stddev s'],
    rows,
    checks: [
      {
        what: 'check perf writes/s, hawser forward against direct',
        got: mine / directly,
        sense: 'at least',
        wanted: 0.8,
      },
    ],
  };
}

async function fill(stand: Stand): Promise<void> {
  const client = new Etcd3({ hosts: stand.etcd.url });
  for (let number = 0; number < 16; number += 1) {
    await client.put(`bulk/${number}`).value(Buffer.alloc(MIB, 'v'));
  }
  await client.put('small').value('x'.repeat(256));
  client.close();
}

async function measureEtcd3(url: string, durationMs: number): Promise<number[]> {
  const client = new Etcd3({ hosts: url.replace(/^unix:\/\//, 'unix:') });
  try {
    await client.get('small').string();
    const one = await perSecond(1, durationMs, () => client.get('small').string());
    const many = await perSecond(64, durationMs, () => client.get('small').string());
    const value = Buffer.alloc(MIB, 'v');
    const read = await perSecond(4, durationMs, (number) => client.get(`bulk/${number % 16}`).buffer());
    const write = await perSecond(4, durationMs, (number) =>
      client
        .put(`written/${number % 16}`)
        .value(value)
        .exec(),
    );
    return [one, many, (read * MIB) / 1e6, (write * MIB) / 1e6];
  } finally {
    client.close();
  }
}

async function perSecond(
  inFlight: number,
  durationMs: number,
  operation: (number: number) => Promise<unknown>,
): Promise<number> {
  let done = 0;
  const start = performance.now();
  const loop = async () => {
    while (performance.now() - start < durationMs) await operation(done++);
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return (done * 1000) / (performance.now() - start);
}

async function measureEtcdctl(etcdctl: string, url: string): Promise<number[]> {
  const start = performance.now();
  const values = await run(etcdctl, url, ['get', '--prefix', 'bulk/']);
  const megabytesPerSecond = values.length / 1000 / (performance.now() - start);
  const from = performance.now();
  for (let number = 0; number < 5; number += 1) await run(etcdctl, url, ['put', `ctl/${number}`, 'value']);
  return [megabytesPerSecond, 5000 / (performance.now() - from)];
}

/** What it wrote. */
async function run(etcdctl: string, url: string, args: readonly string[]): Promise<string> {
  const child = spawn(etcdctl, ['--endpoints', url, ...args], {
    env: { PATH: process.env['PATH'], ETCDCTL_API: '3' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Error(`etcdctl ${args[0]} by way of ${url} ended with ${code}: ${said}`);
  return said;
}

/** What `hawser forward` makes: a private unix socket, or with `listen` a loopback TCP address. */
async function hawserForward({ sshd, etcd }: Stand, listen?: string): Promise<Way> {
  const { user, host, port } = sshd.destination;
  const flags = [
    ...['--ssh-url', `${user}@${host}:${port}`, '--ssh-id', sshd.identityFile],
    ...['--ssh-known-hosts', sshd.knownHostsFile],
    ...(listen === undefined ? [] : ['--listen', listen]),
  ];
  const child = spawn(process.execPath, [programFile, 'forward', ...flags, `127.0.0.1:${etcd.port}`], {
    env: { PATH: process.env['PATH'], HOME: sshd.folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return {
    name: listen === undefined ? 'hawser forward' : 'hawser forward --listen',
    url: listen === undefined ? String(line) : `http://${line}`,
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGINT');
      await exited;
    },
  };
}
