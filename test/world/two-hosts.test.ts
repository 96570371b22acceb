import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { etcdVersions } from '../fixtures/helpers/etcd-versions.js';
import { Etcd } from './helpers/etcd.js';

const program = fileURLToPath(new URL('./helpers/programs/watch-everything.js', import.meta.url));

const WATCHES = [
  ...[
    'deploysFollow',
    'idealClusterSizeWatch',
    'resWatch',
    'resWatch file',
    'scheduled',
    'strMapFollow',
    'strMapWatch',
    'strWatch',
  ],
  ...['watchAgents', 'watchDeploy', 'watchEndpoints', 'watchMembers', 'watchReports'],
];

/** A host in a process of its own. */
class OtherHost {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(endpoint: string, hostname: string, other: string) {
    const stdio = ['pipe', 'pipe', 'inherit'] as const;
    const child = spawn(process.execPath, [program, endpoint, hostname, other], { stdio: [...stdio] });
    process.once('exit', () => child.kill('SIGKILL'));
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** The next lines, in any order. */
  async says(count: number): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < count) {
      const line = await this.#lines.next();
      if (line.done === true) throw new Error(`the host ended after ${lines.join(', ')}`);
      lines.push(line.value);
    }
    return lines.sort();
  }

  async does(what: string): Promise<void> {
    this.#child.stdin?.write(`${what}\n`);
    const [said] = await this.says(1);
    if (said !== `done ${what}`) throw new Error(`the host said ${said}`);
  }

  async end(): Promise<unknown> {
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end();
    return (await exited)[0];
  }
}

for (const version of etcdVersions) {
  test.serial(
    `of two processes each sees in every watch what the other writes, on etcd ${version}`,
    async (t) => {
      await using etcd = await Etcd.start([], version);
      const hosts = [new OtherHost(etcd.url, 'h1', 'h2'), new OtherHost(etcd.url, 'h2', 'h1')] as const;
      for (const host of hosts) t.deepEqual(await host.says(1), ['ready']);
      for (const [writer, reader] of [hosts, [...hosts].reverse()]) {
        await writer?.does('write');
        t.deepEqual(
          await reader?.says(WATCHES.length),
          WATCHES.map((watch) => `seen ${watch}`),
        );
        await writer?.does('remove');
      }
      for (const host of hosts) t.is(await host.end(), 0);
    },
  );
}
