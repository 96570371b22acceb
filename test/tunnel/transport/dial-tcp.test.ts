import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { dialTcp, interleave, type Lookup } from '../../../tunnel/transport/ssh2/socket/dial-tcp.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import { Sshd } from '../helpers/sshd.js';
import { Target } from '../helpers/target.js';

const host = '127.0.0.1';
const { signal } = new AbortController();

/** How many connections sshd lets wait to be accepted, at the most; one more, and the next are not even answered. */
const BACKLOG = 128;
const CROWD = BACKLOG + 32;

/** Where Node tells of each socket that is about to connect. */
const CONNECTING = 'net.client.socket';

test.serial('a server that answers is connected to, without delay for small packets', async (t) => {
  await using target = await Target.start();
  const socket = await dialTcp(target.address, { signal });
  socket.write('ping');
  const [answer] = await once(socket, 'data');
  t.is(String(answer), 'ping');
  socket.destroy();
});

test.serial('a port where nothing listens fails at once, with the error of the system', async (t) => {
  const error: NodeJS.ErrnoException | undefined = await t.throwsAsync(
    dialTcp({ host, port: await freePort() }, { signal }),
  );
  t.is(error?.code, 'ECONNREFUSED');
});

test.serial('while nothing answers there are two attempts at most, and none after aborting', async (t) => {
  await using sshd = await Sshd.start();
  await sshd.freeze();
  using _ = await fill(sshd.port);
  using attempts = new Attempts();
  const reason = new Error('enough');
  const aborting = new AbortController();
  const dialling = dialTcp({ host, port: sshd.port }, aborting);
  await attempts.reach(6);
  t.deepEqual(attempts.counts, [1, 2, 2, 2, 2, 2]);
  aborting.abort(reason);
  t.is(await t.throwsAsync(dialling), reason);
  t.is(attempts.count(), 0);
});

test.serial('a server that begins to answer is connected to', async (t) => {
  await using sshd = await Sshd.start();
  await sshd.freeze();
  using crowd = await fill(sshd.port);
  using attempts = new Attempts();
  const dialling = dialTcp({ host, port: sshd.port }, { signal });
  await attempts.reach(2);
  crowd[Symbol.dispose]();
  await sshd.thaw();
  const socket = await dialling;
  t.is(socket.remotePort, sshd.port);
  socket.destroy();
});

test.serial(
  'of the addresses of one family, those that refuse or say nothing do not hold up the one that answers',
  async (t) => {
    await using sshd = await Sshd.start();
    const { port } = sshd;
    await sshd.freeze();
    using _ = await fill(port);
    const [refusing, silent, answering] = ['127.0.0.3', host, '127.0.0.2'];
    const server = createServer((socket) => socket.end('here')).listen(port, answering);
    t.teardown(() => server.close());
    await once(server, 'listening');
    for (const order of [
      [refusing, answering],
      [silent, answering],
      [refusing, silent, silent, answering],
    ]) {
      const lookup: Lookup = async (name, { family }) => {
        t.deepEqual([name, family], ['several.example', 4]);
        return order.map((address) => ({ address, family: 4 }));
      };
      const socket = await dialTcp({ host: 'several.example', port, family: 4 }, { signal, lookup });
      t.is(socket.remoteAddress, answering);
      t.is(await text(socket), 'here');
    }
  },
);

test.serial('a host whose addresses all refuse fails at once, in the way of the first', async (t) => {
  const port = await freePort();
  const lookup: Lookup = async () => ['127.0.0.3', '127.0.0.2'].map((address) => ({ address, family: 4 }));
  const error = await t.throwsAsync(dialTcp({ host: 'several.example', port }, { signal, lookup }));
  t.regex(String(error), /ECONNREFUSED 127\.0\.0\.3/);
});

test.serial('a name that is looked up for long, or in vain, ends by aborting and by its error', async (t) => {
  const reason = new Error('enough');
  const aborting = new AbortController();
  const dialling = dialTcp(
    { host: 'h', port: 1 },
    { signal: aborting.signal, lookup: () => new Promise(() => {}) },
  );
  aborting.abort(reason);
  t.is(await t.throwsAsync(dialling), reason);
  const unknown = new Error('no such name');
  const lookup = () => Promise.reject(unknown);
  t.is(await t.throwsAsync(dialTcp({ host: 'h', port: 1 }, { signal, lookup })), unknown);
  const nowhere = await t.throwsAsync(dialTcp({ host: 'h', port: 1 }, { signal, lookup: async () => [] }));
  t.is(codeOf(nowhere), 'ENOTFOUND');
});

test('families take turns, beginning with the one that is preferred', (t) => {
  const found = ['a6', 'b6', 'c6', 'd4'].map((address) => ({ address, family: Number(address.at(-1)) }));
  t.deepEqual(interleave(found), ['a6', 'd4', 'b6', 'c6']);
  t.deepEqual(interleave(found.reverse()), ['d4', 'c6', 'b6', 'a6']);
  t.deepEqual(interleave([]), []);
});

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined;
}

/** Connects until no more is answered. */
async function fill(port: number): Promise<Disposable> {
  const crowd = Array.from({ length: CROWD }, () => connect({ host, port }).on('error', () => {}));
  await waitUntil('nothing more is answered', async () => (await waitingToBeAccepted(port)) > BACKLOG);
  return {
    [Symbol.dispose]: () => {
      for (const socket of crowd) socket.destroy();
    },
  };
}

/** Connections that a listening port has not accepted, as Linux tells it. */
async function waitingToBeAccepted(port: number): Promise<number> {
  const address = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((row) => row.trim().split(/\s+/));
  const LISTEN = '0A';
  const row = rows.find(([, local, , state]) => state === LISTEN && local?.endsWith(address));
  const [, queued = ''] = row?.[4]?.split(':') ?? [];
  return Number.parseInt(queued, 16);
}

/** Watches the sockets that begin to connect from now on. */
class Attempts implements Disposable {
  /** How many were there as each began. */
  readonly counts: number[] = [];
  readonly #sockets: Socket[] = [];
  readonly #begun = new EventEmitter();

  constructor() {
    subscribe(CONNECTING, this.#onConnecting);
  }

  count(): number {
    return this.#sockets.filter(({ destroyed }) => !destroyed).length;
  }

  async reach(total: number): Promise<void> {
    while (this.counts.length < total) await once(this.#begun, 'attempt');
  }

  [Symbol.dispose](): void {
    unsubscribe(CONNECTING, this.#onConnecting);
  }

  readonly #onConnecting = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || !('socket' in message)) return;
    if (!(message.socket instanceof Socket)) return;
    this.#sockets.push(message.socket);
    this.counts.push(this.count());
    this.#begun.emit('attempt');
  };
}
