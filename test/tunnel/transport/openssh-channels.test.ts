import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import test from 'ava';
import { uint32 } from '../../../base/key-formats/wire-fields.js';
import { Channels } from '../../../tunnel/transport/openssh/channel-multiplexer.js';
import { execOverChannels } from '../../../tunnel/transport/openssh/exec-over-channels.js';
import { PacketReader } from '../../../tunnel/transport/openssh/split-packets.js';

const OPEN = 90;
const CONFIRMATION = 91;
const CLOSE = 97;
const REQUEST = 98;
const SUCCESS = 99;
const FAILURE = 100;

/** Answers a packet of a type with packets for the same channel, all in one piece. */
type Answers = (type: number) => readonly number[];

/** What a server is asked, and channels that lead to it. */
class Peer implements AsyncDisposable {
  readonly asked: number[] = [];
  readonly channels: Channels;
  readonly #server: Server;
  readonly #near: Socket;

  static async start(answers: Answers): Promise<Peer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    const near = connect(address.port, '127.0.0.1');
    const [far]: Socket[] = await once(server, 'connection');
    if (!far) throw new Error('no connection came');
    return new Peer(server, near, far, answers);
  }

  private constructor(server: Server, near: Socket, far: Socket, answers: Answers) {
    this.#server = server;
    this.#near = near;
    this.channels = new Channels(near);
    const [nearReader, farReader] = [new PacketReader(), new PacketReader()];
    near.on('data', (chunk: Buffer) => {
      for (const packet of nearReader.read(chunk)) this.channels.receive(packet);
    });
    far.on('data', (chunk: Buffer) => {
      for (const packet of farReader.read(chunk)) far.write(this.#answer(packet, answers));
    });
  }

  #answer(packet: Buffer, answers: Answers): Buffer {
    const type = packet.readUInt8(1);
    this.asked.push(type);
    // Both sides give a channel the same number here.
    const id = packet.readUInt32BE(type === OPEN ? 6 + packet.readUInt32BE(2) : 2);
    return Buffer.concat(answers(type).map((answer) => packetOf(answer, id)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#near.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function packetOf(type: number, id: number): Buffer {
  const more = type === CONFIRMATION ? uint32(id, 1 << 20, 1 << 15) : Buffer.alloc(0);
  const packet = Buffer.concat([Buffer.from([0, type]), uint32(id), more]);
  return Buffer.concat([uint32(packet.length), packet]);
}

test('a command whose session is closed before it was asked for is asked for in another', async (t) => {
  let opened = 0;
  await using peer = await Peer.start((type) => {
    if (type === REQUEST) return [SUCCESS];
    if (type !== OPEN) return [];
    opened += 1;
    return opened === 1 ? [CONFIRMATION, CLOSE] : [CONFIRMATION];
  });
  const outcome = await execOverChannels(peer.channels, 'true');
  t.is(outcome.status, 'started');
  t.deepEqual(peer.asked, [OPEN, CLOSE, OPEN, REQUEST]);
});

test('a host that closes every session before a command is asked for has none', async (t) => {
  await using peer = await Peer.start((type) => (type === OPEN ? [CONFIRMATION, CLOSE] : []));
  const outcome = await execOverChannels(peer.channels, 'true');
  t.is(outcome.status, 'no-session');
  t.false(peer.asked.includes(REQUEST));
});

test('of a command whose session is closed without an answer nothing is known, and it is asked for once', async (t) => {
  await using peer = await Peer.start((type) => {
    if (type === OPEN) return [CONFIRMATION];
    return type === REQUEST ? [CLOSE] : [];
  });
  const outcome = await execOverChannels(peer.channels, 'true');
  t.is(outcome.status, 'unanswered');
  t.is(peer.asked.filter((type) => type === REQUEST).length, 1);
});

test('a command that is refused stays so when the session is closed at once', async (t) => {
  await using peer = await Peer.start((type) => {
    if (type === OPEN) return [CONFIRMATION];
    return type === REQUEST ? [FAILURE, CLOSE] : [];
  });
  const outcome = await execOverChannels(peer.channels, 'true');
  t.is(outcome.status, 'refused');
});
