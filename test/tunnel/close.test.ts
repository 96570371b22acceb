import { type ChildProcess, spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { type AddressedTunnelOptions, Tunnel } from '../../tunnel/index.js';
import { Sshd } from './helpers/sshd.js';
import { Target } from './helpers/target.js';

const program = fileURLToPath(new URL('./helpers/programs/tunnel-user.js', import.meta.url));

interface User {
  readonly child: ChildProcess;
  /** Says `aborted`, or the path of its socket. */
  readonly firstLine: Promise<string>;
  /** Its exit code. */
  readonly exited: Promise<number>;
}

function use(
  ending: string,
  options: AddressedTunnelOptions,
  target: { readonly host: string; readonly port: number } = { host: '127.0.0.1', port: 1 },
): User {
  const child = spawn(process.execPath, [program, JSON.stringify({ ending, options, target })], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const firstLine = once(createInterface({ input: child.stdout }), 'line').then(([line]) => String(line));
  const exited = once(child, 'exit').then(([code]) => Number(code));
  return { child, firstLine, exited };
}

test.serial('a closed tunnel leaves nothing that keeps the process, and no socket', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start();
  const { firstLine, exited } = use('close', sshd.options, target.address);
  const path = await firstLine;
  t.is(await exited, 0);
  t.false(existsSync(dirname(path)));
});

test.serial('a tunnel closed while SSH is down leaves nothing either', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start();
  const { firstLine, exited } = use('close-while-down', sshd.options, target.address);
  const path = await firstLine;
  await sshd.stop();
  t.is(await exited, 0);
  t.false(existsSync(dirname(path)));
});

test.serial('a process that exits without closing leaves no socket behind', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start();
  const { firstLine, exited } = use('exit', sshd.options, target.address);
  const path = await firstLine;
  t.is(await exited, 0);
  t.false(existsSync(dirname(path)));
});

test.serial('opening can be aborted while the host says nothing', async (t) => {
  await using sshd = await Sshd.start();
  const silent = createServer().listen(0, '127.0.0.1');
  t.teardown(() => silent.close());
  await once(silent, 'listening');
  const address = silent.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const destinations = [{ ...sshd.destination, port }];
  const { child, firstLine, exited } = use('abort', { ...sshd.options, destinations });
  await once(silent, 'connection');
  child.stdin?.write('now\n');
  t.is(await firstLine, 'aborted');
  t.is(await exited, 0);
});

test.serial('opening can be aborted while the SSH agent waits for its owner', async (t) => {
  await using sshd = await Sshd.start();
  const agentSocket = join(sshd.folder, 'agent');
  const agent = createServer().listen(agentSocket);
  t.teardown(() => agent.close());
  const { child, firstLine, exited } = use('abort', { ...sshd.options, identityFiles: [], agentSocket });
  await once(agent, 'connection');
  child.stdin?.write('now\n');
  t.is(await firstLine, 'aborted');
  t.is(await exited, 0);
});

test.serial('a signal that is aborted already opens nothing', async (t) => {
  await using sshd = await Sshd.start();
  const reason = new Error('enough');
  const error = await t.throwsAsync(Tunnel.open(sshd.options, { signal: AbortSignal.abort(reason) }));
  t.is(error, reason);
  t.false(sshd.log.some((line) => line.includes('Connection from')));
});

test.serial('a host that is silent does not hold up closing', async (t) => {
  await using sshd = await Sshd.start();
  const tunnel = await Tunnel.open({ ...sshd.options, keepaliveIntervalMs: 600_000 });
  await sshd.freeze();
  await tunnel.close();
  t.is(tunnel.state.status, 'closed');
});

test.serial('opening and closing leave no listener on the signal', async (t) => {
  await using sshd = await Sshd.start();
  const { signal } = new AbortController();
  const tunnel = await Tunnel.open(sshd.options, { signal });
  await tunnel.close();
  t.is(getEventListeners(signal, 'abort').length, 0);
  await t.throwsAsync(
    Tunnel.open({ ...sshd.options, knownHostsFiles: [join(sshd.folder, 'none')] }, { signal }),
  );
  t.is(getEventListeners(signal, 'abort').length, 0);
});
