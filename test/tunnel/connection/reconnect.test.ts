import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Tunnel } from '../../../tunnel/index.js';
import { echoed, enter, stateOf } from '../helpers/open-tunnels.js';
import { Sshd } from '../helpers/sshd.js';
import { readAll, Target } from '../helpers/target.js';

test.serial(
  'when SSH drops, open connections close at once and new ones work without a new forward',
  async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start();
    await using tunnel = await Tunnel.open(sshd.options);
    await using forward = await tunnel.forward(target.address);
    const before = enter(forward);
    await echoed(t, before);
    const lost = stateOf(tunnel, ({ status }) => status !== 'connected');
    await sshd.killConnections();
    await readAll(before);
    const { reason } = await lost;
    t.is(reason?.code, 'unreachable');
    const after = enter(forward);
    await echoed(t, after);
    after.destroy();
    t.is(tunnel.state.status, 'connected');
    t.is(tunnel.state.reason, undefined);
  },
);

test.serial('when SSH drops, even a connection that nobody reads is closed at once', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start((socket) => socket.write(Buffer.alloc(16 << 20)));
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(target.address);
  const unread = enter(forward);
  await once(unread, 'readable');
  const lost = stateOf(tunnel, ({ status }) => status !== 'connected');
  await sshd.killConnections();
  await lost;
  const error = await new Promise((resolve) => {
    unread.once('error', resolve);
    unread.write('into the void');
  });
  t.true(error instanceof Error);
});

test.serial('a connection made while SSH is down is held and goes on when it is back', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start();
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(target.address);
  await sshd.stop();
  const waiting = await stateOf(tunnel, ({ status }) => status === 'waiting');
  t.is(waiting.reason?.code, 'unreachable');
  t.true((waiting.retryAt ?? waiting.since) >= waiting.since);
  const held = enter(forward).end('held words');
  await once(held, 'connect');
  await sshd.restart();
  t.is(String(await readAll(held)), 'held words');
  t.is(tunnel.state.status, 'connected');
});

test.serial('a connection is held no longer than the connect timeout', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await Tunnel.open({ ...sshd.options, connectTimeoutMs: 1_500 });
  await using forward = await tunnel.forward({ host: '127.0.0.1', port: 1 });
  await sshd.stop();
  await stateOf(tunnel, ({ status }) => status === 'waiting');
  t.is(String(await readAll(enter(forward))), '');
  t.is(forward.lastRefusal?.code, 'unreachable');
});

test.serial('a host whose key changes while we are connected is not connected to again', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward({ host: '127.0.0.1', port: 1 });
  await sshd.stop();
  await stateOf(tunnel, ({ status }) => status === 'waiting');
  const held = enter(forward);
  await once(held, 'connect');
  const logged = sshd.log.length;
  await sshd.restart({ newHostKey: true });
  const failed = await stateOf(tunnel, ({ status }) => status === 'failed');
  t.is(failed.reason?.code, 'host-key-changed');
  t.is(String(await readAll(held)), '');
  t.is(String(await readAll(enter(forward))), '');
  t.is(forward.lastRefusal, failed.reason);
  t.false(sshd.log.slice(logged).some((line) => line.includes('Accepted')));
});

test.serial('a login that is refused on reconnecting ends the tunnel', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await Tunnel.open(sshd.options);
  await sshd.stop();
  await stateOf(tunnel, ({ status }) => status === 'waiting');
  await sshd.restart({ forgetIdentity: true });
  const failed = await stateOf(tunnel, ({ status }) => status === 'failed');
  t.is(failed.reason?.code, 'auth-failed');
});

test.serial(
  'a connection that may be dead is replaced by a new one long before it is given up',
  async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start();
    const patient = { keepaliveIntervalMs: 200, keepaliveCountMax: 10_000 };
    await using tunnel = await Tunnel.open({ ...sshd.options, ...patient });
    await using forward = await tunnel.forward(target.address);
    const socket = enter(forward);
    await echoed(t, socket);
    const lost = stateOf(tunnel, ({ status }) => status !== 'connected');
    await sshd.freezeConnections();
    await readAll(socket);
    t.regex((await lost).reason?.message ?? '', /stopped answering/);
    const again = enter(forward);
    await echoed(t, again);
    again.destroy();
    t.is(tunnel.state.status, 'connected');
  },
);

test.serial(
  'a connection that may be dead and cannot be replaced is kept when it answers again',
  async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start();
    const patient = { keepaliveIntervalMs: 200, keepaliveCountMax: 10_000 };
    let failed = () => {};
    const standInFailed = new Promise<void>((resolve) => {
      failed = resolve;
    });
    const log = (_: string, message: string) =>
      message.startsWith('Could not open a standby connection') && failed();
    await using tunnel = await Tunnel.open({ ...sshd.options, ...patient, log });
    await using forward = await tunnel.forward(target.address);
    const socket = enter(forward);
    await echoed(t, socket);
    await sshd.freezeConnections();
    await writeFile(join(sshd.folder, 'authorized_keys'), '');
    await standInFailed;
    await sshd.thaw();
    await echoed(t, socket);
    t.is(tunnel.state.status, 'connected');
    socket.destroy();
  },
);

test.serial('a tunnel that waits for its host closes at once', async (t) => {
  await using sshd = await Sshd.start();
  const tunnel = await Tunnel.open(sshd.options);
  const forward = await tunnel.forward({ host: '127.0.0.1', port: 1 });
  await sshd.stop();
  await stateOf(tunnel, ({ status }) => status === 'waiting');
  const held = enter(forward);
  await once(held, 'connect');
  const ended = readAll(held);
  await tunnel.close();
  await tunnel.close();
  await ended;
  t.is(tunnel.state.status, 'closed');
});

test.serial('the states of a tunnel begin with the current one and end with it', async (t) => {
  await using sshd = await Sshd.start();
  const tunnel = await Tunnel.open(sshd.options);
  const seen: string[] = [];
  const following = (async () => {
    for await (const { status } of tunnel.states()) {
      seen.push(status);
      if (status === 'connected') void tunnel.close();
    }
  })();
  await following;
  t.deepEqual(seen, ['connected', 'closed']);
});

test.serial('an aborted signal ends the states without an error', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await Tunnel.open(sshd.options);
  const controller = new AbortController();
  const seen: string[] = [];
  for await (const { status } of tunnel.states({ signal: controller.signal })) {
    seen.push(status);
    controller.abort();
  }
  t.deepEqual(seen, ['connected']);
});
