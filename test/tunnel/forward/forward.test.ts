import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { type Forward, Tunnel, TunnelError } from '../../../tunnel/index.js';
import { Sshd } from '../helpers/sshd.js';
import { readAll, Target } from '../helpers/target.js';

function enter({ address }: Forward): Socket {
  if (address.startsWith('unix://')) {
    return connect({ path: address.slice('unix://'.length), allowHalfOpen: true });
  }
  const [host, port] = address.split(':');
  return connect({ host: host ?? '', port: Number(port), allowHalfOpen: true });
}

test.serial('bytes and half-closes go through in both directions', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start((socket) => {
    void readAll(socket).then((request) => socket.end(`got ${request}`));
  });
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(target.address);
  t.is(await text(enter(forward).end('a request')), 'got a request');
  t.is(forward.lastRefusal, undefined);
});

test.serial('a target that stops sending first can still be sent to', async (t) => {
  await using sshd = await Sshd.start();
  const content = randomBytes(8 << 20);
  const { promise, resolve } = deferred<Buffer>();
  await using target = await Target.start((socket) => {
    socket.end('done');
    void readAll(socket).then(resolve);
  });
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(target.address);
  const socket = enter(forward);
  t.is(String(await readAll(socket)), 'done');
  socket.end(content);
  t.true((await promise).equals(content));
});

test.serial('50 MB go there and back unharmed, through several changes of the session keys', async (t) => {
  await using sshd = await Sshd.start(['RekeyLimit 8M']);
  await using target = await Target.start();
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(target.address);
  const chunk = randomBytes(1 << 20);
  const sent = createHash('sha256');
  const received = createHash('sha256');
  let receivedBytes = 0;
  const socket = enter(forward);
  const source = Readable.from(
    (function* () {
      for (let i = 0; i < 50; i += 1) {
        chunk.writeUInt32BE(i);
        sent.update(chunk);
        yield Buffer.from(chunk);
      }
    })(),
  );
  const sending = pipeline(source, socket, { end: true });
  for await (const data of socket) {
    received.update(data);
    receivedBytes += data.length;
  }
  await sending.catch(() => t.fail());
  t.is(receivedBytes, 50 << 20);
  t.is(received.digest('hex'), sent.digest('hex'));
});

test.serial('what a target wrote before it hung up arrives in full', async (t) => {
  await using sshd = await Sshd.start();
  const content = randomBytes(3 << 20);
  await using target = await Target.start((socket) => {
    socket.end(content, () => socket.destroySoon());
  });
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(target.address);
  const socket = enter(forward);
  t.true((await readAll(socket)).equals(content));
});

test.serial('five hundred connections pass and none is left', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start();
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(target.address);
  for (let round = 0; round < 5; round += 1) {
    const answers = Array.from({ length: 100 }, (_, i) => text(enter(forward).end(`${round} ${i}`)));
    t.deepEqual(
      await Promise.all(answers),
      answers.map((_, i) => `${round} ${i}`),
    );
  }
  t.is(target.sockets.size, 0);
});

test.serial('a local end that vanishes takes its channel with it', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start((socket) => socket.write('hello'));
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(target.address);
  const accepted = target.connection();
  const socket = enter(forward);
  await once(socket, 'data');
  const far = await accepted;
  socket.destroy();
  await once(far.resume(), 'end');
  far.destroy();
  t.pass();
});

test.serial('the socket and its directory are ours alone', async (t) => {
  await using sshd = await Sshd.start();
  await using tunnel = await Tunnel.open(sshd.options);
  const forward = await tunnel.forward({ host: '127.0.0.1', port: 1 });
  t.true(forward.address.startsWith('unix:///'));
  const path = forward.address.slice('unix://'.length);
  t.is(statSync(path).mode & 0o777, 0o600);
  t.is(statSync(dirname(path)).mode & 0o777, 0o700);
  await forward.close();
  await forward.close();
  t.false(existsSync(dirname(path)));
});

test.serial('a target on a remote unix socket is reached', async (t) => {
  await using sshd = await Sshd.start();
  const socketPath = join(sshd.folder, 'target');
  const server = createServer((socket) => socket.end('from a socket')).listen(socketPath);
  t.teardown(() => server.close());
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward({ socketPath });
  t.is(await text(enter(forward)), 'from a socket');
});

test.serial('a TCP address is listened on only when asked for, and only on loopback', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start((socket) => socket.end('over TCP'));
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(target.address, { listen: { host: '127.0.0.1', port: 0 } });
  t.regex(forward.address, /^127\.0\.0\.1:[1-9]\d*$/);
  t.is(await text(enter(forward)), 'over TCP');
  const taken = { host: '127.0.0.1', port: Number(forward.address.split(':')[1]) };
  for (const listen of [taken, { host: '0.0.0.0', port: 0 }]) {
    const error = await t.throwsAsync(tunnel.forward(target.address, { listen }), {
      instanceOf: TunnelError,
    });
    t.is(error.code, 'forward-refused');
  }
});

test.serial('a connection that the target refuses is closed, and the forward knows why', async (t) => {
  await using sshd = await Sshd.start();
  const port = await freePort();
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward({ host: '127.0.0.1', port });
  t.is(await text(enter(forward)), '');
  t.is(forward.lastRefusal?.code, 'forward-refused');
  t.regex(forward.lastRefusal?.message ?? '', new RegExp(`127\\.0\\.0\\.1:${port}: Connection refused`));
  t.is(tunnel.state.status, 'connected');
});

test.serial('a host that forbids forwarding is told apart from a target that is not there', async (t) => {
  await using sshd = await Sshd.start(['AllowTcpForwarding no']);
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward({ host: '127.0.0.1', port: 1 });
  t.is(await text(enter(forward)), '');
  t.regex(forward.lastRefusal?.message ?? '', /AllowTcpForwarding/);
});

test.serial(
  'a connection that gets no answer ends when its time is over, and its late channel with it',
  async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start();
    await using tunnel = await Tunnel.open({
      ...sshd.options,
      connectTimeoutMs: 1_500,
      keepaliveIntervalMs: 60_000,
    });
    await using forward = await tunnel.forward(target.address);
    await sshd.freeze();
    t.is(await text(enter(forward)), '');
    t.is(forward.lastRefusal?.code, 'forward-refused');
    const late = target.connection();
    await sshd.thaw();
    t.is(String(await readAll(await late)), '');
  },
);

test.serial('each connection starts one session, for sshd to send small packets at once', async (t) => {
  await using sshd = await Sshd.start(['LogLevel VERBOSE']);
  await using target = await Target.start((socket) => socket.end('through'));
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(target.address);
  t.is(await text(enter(forward)), 'through');
  await tunnel.close();
  await sshd.stop();
  t.is(sshd.log.filter((line) => line.startsWith('Starting session: command')).length, 1);
});

test.serial('a key that may only forward is enough', async (t) => {
  await using sshd = await Sshd.start(['ForceCommand /bin/false', 'PermitTTY no', 'MaxSessions 1']);
  await using target = await Target.start((socket) => socket.end('through'));
  await using tunnel = await Tunnel.open(sshd.options);
  await using forward = await tunnel.forward(target.address);
  t.is(await text(enter(forward)), 'through');
});

test.serial('a closed tunnel makes no forward', async (t) => {
  await using sshd = await Sshd.start();
  const tunnel = await Tunnel.open(sshd.options);
  await tunnel.close();
  const error = await t.throwsAsync(tunnel.forward({ host: '127.0.0.1', port: 1 }), {
    instanceOf: TunnelError,
  });
  t.is(error.code, 'closed');
});

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
