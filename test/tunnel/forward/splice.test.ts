import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { Splice } from '../../../tunnel/forward/splice.js';
import { readAll } from '../helpers/target.js';

/** A channel whose far end takes what is written only when told to, and that closes as ssh2's do. */
class SlowChannel extends Duplex {
  readonly taken: Buffer[] = [];
  wasAbandoned = false;
  #untaken: (() => void) | undefined;
  #isTaking = false;

  constructor() {
    super({ emitClose: false, autoDestroy: false });
  }

  takeAll(): void {
    this.#isTaking = true;
    this.#untaken?.();
  }

  hangUp(): void {
    this.push(null);
    this.once('end', () => this.emit('close'));
  }

  override destroy(): this {
    this.wasAbandoned = true;
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.taken.push(chunk);
    if (this.#isTaking) callback();
    else this.#untaken = callback;
  }
}

/** The two ends of one local connection: the splice's and the client's. */
async function localConnection(t: ExecutionContext): Promise<{ near: Socket; client: Socket }> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const accepted = once(server, 'connection');
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [near]: Socket[] = await accepted;
  if (!near) throw new Error('no connection came');
  t.teardown(() => {
    near.destroy();
    client.destroy();
    server.close();
  });
  return { near, client };
}

test.serial('a channel keeps what it has not sent yet when both local directions have ended', async (t) => {
  const { near, client } = await localConnection(t);
  const channel = new SlowChannel();
  const splice = new Splice(near, channel);
  channel.push(null);
  client.end('words for later');
  await once(near, 'close');
  t.false(channel.wasAbandoned);
  const finished = once(channel, 'finish');
  channel.takeAll();
  await finished;
  t.is(String(Buffer.concat(channel.taken)), 'words for later');
  channel.emit('close');
  await splice.done;
  t.false(channel.wasAbandoned);
});

test.serial('a channel is given up when the local end breaks off', async (t) => {
  const { near, client } = await localConnection(t);
  const channel = new SlowChannel();
  new Splice(near, channel);
  const closed = new Promise((resolve) => near.on('error', () => {}).once('close', resolve));
  client.resetAndDestroy();
  await closed;
  t.true(channel.wasAbandoned);
});

test.serial('a channel that closes leaves the local end the time to take what came', async (t) => {
  const { near, client } = await localConnection(t);
  const channel = new SlowChannel();
  const splice = new Splice(near, channel);
  const content = Buffer.alloc(32 << 20, 'x');
  channel.push(content);
  channel.hangUp();
  await once(channel, 'close');
  t.false(near.writableFinished, 'the content must be more than the system takes at once');
  t.is((await readAll(client)).length, content.length);
  await splice.done;
});

test.serial('a destroyed splice lets go of both ends', async (t) => {
  const { near, client } = await localConnection(t);
  const channel = new SlowChannel();
  const splice = new Splice(near, channel);
  splice.destroy();
  await readAll(client);
  t.true(near.destroyed);
  t.true(channel.wasAbandoned);
});
