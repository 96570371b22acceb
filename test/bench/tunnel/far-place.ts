import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlink } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { findProgram } from '../../../fixtures/fleet/run-command.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import type { Place } from '../../tunnel/helpers/sshd.js';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../programs/delay-packets.js', import.meta.url));

/** Of the range that RFC 2544 keeps for benchmarks. */
const NEAR = '198.18.77.1';
const FAR = '198.18.77.2';

/**
 * A network namespace at a distance: two tun devices with a delay between them, so that TCP runs from end to end and
 * shows its own limits (Nagle's algorithm, slow start, socket buffers).
 */
export class FarPlace implements Place, AsyncDisposable {
  readonly address = FAR;
  readonly enter: readonly [string, ...string[]];
  readonly #children: readonly ChildProcess[];

  /** What it needs and this machine lacks. */
  static async missing(): Promise<string[]> {
    const needed = ['socat', 'ip', 'unshare', 'nsenter'];
    const found = await Promise.all(needed.map((name) => findProgram(name, process.env['PATH'] ?? '')));
    const lacking = needed.filter((_, index) => found[index] === undefined);
    return process.getuid?.() === 0 ? lacking : [...lacking, 'root'];
  }

  static async at(roundTripMs: number): Promise<FarPlace> {
    const names = [`hawser${process.pid % 10_000}a`, `hawser${process.pid % 10_000}b`] as const;
    const ours = [await freePort(), await freePort()];
    const theirs = [await freePort(), await freePort()];
    const children: ChildProcess[] = [];
    try {
      const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
      children.push(holder);
      const ports = [...ours, ...theirs].map(String);
      const link = spawn(process.execPath, [program, ...ports, String(roundTripMs)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(link);
      await once(createInterface({ input: link.stdout }), 'line');
      for (const [index, name] of names.entries()) children.push(startTun(name, ours[index], theirs[index]));
      const net = `/proc/${holder.pid}/ns/net`;
      await joinDevices(names, String(holder.pid), net);
      return new FarPlace(children, ['nsenter', `--net=${net}`]);
    } catch (error) {
      await end(children);
      throw error;
    }
  }

  private constructor(children: readonly ChildProcess[], enter: readonly [string, ...string[]]) {
    this.#children = children;
    this.enter = enter;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return end(this.#children);
  }
}

/** The device goes with the process that holds it. */
function startTun(name: string, ours = 0, theirs = 0): ChildProcess {
  const device = `TUN,tun-name=${name},tun-type=tun,iff-no-pi`;
  const udp = `UDP:127.0.0.1:${ours},bind=127.0.0.1:${theirs},rcvbuf=4194304,sndbuf=4194304`;
  return spawn('socat', [device, udp], { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function joinDevices([near, far]: readonly [string, string], pid: string, net: string): Promise<void> {
  const ip = (...args: string[]) => run('ip', args);
  const farIp = (...args: string[]) => run('nsenter', [`--net=${net}`, 'ip', ...args]);
  await waitUntil('the devices and the namespace are there', async () => {
    return (await exists(near)) && (await exists(far)) && !(await isOurs(net));
  });
  await ip('link', 'set', far, 'netns', pid);
  await ip('address', 'add', NEAR, 'peer', FAR, 'dev', near);
  await ip('link', 'set', near, 'up');
  await farIp('address', 'add', FAR, 'peer', NEAR, 'dev', far);
  await farIp('link', 'set', far, 'up');
  await farIp('link', 'set', 'lo', 'up');
}

async function exists(name: string): Promise<boolean> {
  return run('ip', ['link', 'show', name]).then(
    () => true,
    () => false,
  );
}

/** Whether a process has not entered a namespace of its own yet. */
async function isOurs(net: string): Promise<boolean> {
  return (await readlink(net)) === (await readlink('/proc/self/ns/net'));
}

async function end(children: readonly ChildProcess[]): Promise<void> {
  const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  await Promise.all(
    running.map(async (child) => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }),
  );
}
