import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import test from 'ava';
import type { Way } from '../../../../cli/setup/reach/choose-host-pairs.js';
import { tryWays, type WayProbe, type WayState } from '../../../../cli/setup/reach/probe-host-pairs.js';
import { freePort } from '../../../../fixtures/fleet/free-port.js';
import { Tunnel, TunnelError } from '../../../../tunnel/index.js';
import { Sshd } from '../../../tunnel/helpers/sshd.js';
import { Target } from '../../../tunnel/helpers/target.js';

const { signal } = new AbortController();

const NEVER_ACCEPTS = `
const server = require('node:net').createServer().listen(0, '127.0.0.1', 1, () => {
  require('node:fs').writeSync(1, server.address().port + '\\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

/** A port that drops whatever comes, as a firewall does: its queue is full, and nobody takes anything out of it. */
class SilentPort implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #queued: readonly Socket[];

  private constructor(port: number, child: ChildProcess, queued: readonly Socket[]) {
    this.port = port;
    this.#child = child;
    this.#queued = queued;
  }

  static async open(): Promise<SilentPort> {
    const child = spawn(process.execPath, ['-e', NEVER_ACCEPTS], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line]: string[] = await once(createInterface(child.stdout), 'line');
    const port = Number(line);
    // A queue for one takes two.
    const queued = [1, 2].map(() => connect(port, '127.0.0.1').on('error', () => {}));
    await Promise.all(queued.map((socket) => once(socket, 'connect')));
    return new SilentPort(port, child, queued);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#queued) socket.destroy();
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

function way(port: number, address = '127.0.0.1'): Way {
  return { from: 'web1', to: 'web2', address, port };
}

async function statesOf(probe: WayProbe, ...ways: readonly Way[]): Promise<WayState[]> {
  const tried = await tryWays(ways, { probeOf: () => probe, waitMs: 200, signal });
  return tried.map(({ state }) => state);
}

for (const transport of ['ssh2', 'openssh'] as const) {
  test(`sshd tells an open way from one that is closed or silent, by ${transport}`, async (t) => {
    await using sshd = await Sshd.start();
    await using listening = await Target.start();
    await using silent = await SilentPort.open();
    await using tunnel = await Tunnel.open({ ...sshd.options, transport });
    const ways = [
      way(listening.port),
      way(silent.port),
      way(await freePort()),
      way(2380, '255.255.255.255'),
    ] as const;
    t.deepEqual(await statesOf(tunnel, ...ways), ['open', 'silent', 'open', 'no-route']);
  });
}

test('Of a host that forbids forwarding nothing is claimed', async (t) => {
  await using sshd = await Sshd.start(['AllowTcpForwarding no']);
  await using tunnel = await Tunnel.open(sshd.options);
  t.deepEqual(await statesOf(tunnel, way(sshd.port)), ['unknown']);
});

test('Nor of one whose connection stands still, or is closed', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await Tunnel.open({ ...sshd.options, keepaliveIntervalMs: 60_000 });
  await sshd.freeze();
  t.deepEqual(await statesOf(tunnel, way(sshd.port)), ['unknown']);
  await tunnel.close();
  t.deepEqual(await statesOf(tunnel, way(sshd.port)), ['unknown']);
});

test('An answer that was held up on its way to us is not taken for silence', async (t) => {
  const said: ((error: TunnelError) => void)[] = [];
  let asked = 0;
  const probe: WayProbe = {
    tryConnect: ({ port }) =>
      new Promise((_, reject) => {
        if (port !== 1) said.push(reject);
        else {
          asked += 1;
          const refused = new TunnelError('forward-refused', 'web1', 'refused', { refusal: 'not-listening' });
          // In order: first the answer that the host had for the way.
          if (asked === 2) for (const say of said) say(refused);
          reject(refused);
        }
      }),
  };
  t.deepEqual(await statesOf(probe, way(2379)), ['open']);
});

test('An abort ends it', async (t) => {
  const leaving = new AbortController();
  const probe: WayProbe = {
    tryConnect: (_, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  };
  const trying = tryWays([way(2379), way(2380)], { probeOf: () => probe, signal: leaving.signal });
  leaving.abort(new Error('enough'));
  await t.throwsAsync(trying, { message: 'enough' });
});
