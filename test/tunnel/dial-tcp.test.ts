import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { dialTcp } from '../../tunnel/dial-tcp.js';
import { freePort, Sshd } from './sshd.js';
import { Target } from './target.js';

const host = '127.0.0.1';
const { signal } = new AbortController();

/** More than sshd lets wait to be accepted: what comes after is not even answered. */
const CROWD = 160;

test.serial('A server that answers is connected to, without delay for small packets', async (t) => {
  await using target = await Target.start();
  const socket = await dialTcp(target.address, { signal });
  socket.write('ping');
  const [answer] = await once(socket, 'data');
  t.is(String(answer), 'ping');
  socket.destroy();
});

test.serial('A port where nothing listens fails at once, with the error of the system', async (t) => {
  const error: NodeJS.ErrnoException | undefined = await t.throwsAsync(
    dialTcp({ host, port: await freePort() }, { signal }),
  );
  t.is(error?.code, 'ECONNREFUSED');
});

test.serial('While nothing answers there are two attempts at most, and none after aborting', async (t) => {
  await using sshd = await Sshd.start();
  await sshd.freeze();
  const crowd = await fill(sshd.port);
  const before = socketCount();
  const reason = new Error('enough');
  const aborting = new AbortController();
  const dialling = dialTcp({ host, port: sshd.port }, aborting);
  t.true(await becomes(() => socketCount() === before + 2));
  t.false(await becomes(() => socketCount() > before + 2, 2_500));
  aborting.abort(reason);
  t.is(await t.throwsAsync(dialling), reason);
  t.true(await becomes(() => socketCount() === before));
  for (const socket of crowd) socket.destroy();
});

test.serial('A server that begins to answer is connected to', async (t) => {
  await using sshd = await Sshd.start();
  await sshd.freeze();
  const crowd = await fill(sshd.port);
  const dialling = dialTcp({ host, port: sshd.port }, { signal });
  const { length: before } = process.getActiveResourcesInfo();
  t.true(await becomes(() => process.getActiveResourcesInfo().length > before));
  for (const socket of crowd) socket.destroy();
  await sshd.thaw();
  const socket = await dialling;
  t.is(socket.remotePort, sshd.port);
  socket.destroy();
});

/** Connects until no more is answered. */
async function fill(port: number): Promise<readonly Socket[]> {
  let connected = 0;
  const crowd = Array.from({ length: CROWD }, () =>
    connect({ host, port })
      .on('error', () => {})
      .once('connect', () => {
        connected += 1;
      }),
  );
  let before = -1;
  while (connected !== before) {
    before = connected;
    await delay(200);
  }
  return crowd;
}

function socketCount(): number {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kind === 'TCPSocketWrap' || kind === 'TCPConnectWrap').length;
}

/** Whether something becomes true within a time, in milliseconds. */
async function becomes(holds: () => boolean, limitMs = 10_000): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline) {
    if (holds()) return true;
    await delay(20);
  }
  return false;
}
