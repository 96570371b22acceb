import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

const KEXINIT = 20;
const KEX_REPLY = 31;

/** What somebody in the middle does to a message of the key exchange; the length must stay. */
export type Meddling = (payload: Buffer) => void;

/** Somebody between us and a server who changes the server's messages before they are encrypted. */
export class Meddler implements AsyncDisposable {
  /** How many connections came. */
  connections = 0;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(
    serverPort: number,
    { inKexInit, inReply }: { readonly inKexInit?: Meddling; readonly inReply?: Meddling },
  ): Promise<Meddler> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    const meddler = new Meddler(server, address.port);
    const meddlings = new Map([
      [KEXINIT, inKexInit],
      [KEX_REPLY, inReply],
    ]);
    server.on('connection', (socket) => meddler.#pass(socket, serverPort, meddlings));
    return meddler;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #pass(near: Socket, serverPort: number, meddlings: ReadonlyMap<number, Meddling | undefined>): void {
    this.connections += 1;
    const far = connect(serverPort, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => {}).once('close', () => other.destroy());
    }
    near.pipe(far);
    const packets = new Packets(meddlings);
    far.on('data', (chunk: Buffer) => near.write(packets.changed(chunk)));
  }
}

/** Goes through what a server sends, until it is encrypted. */
class Packets {
  readonly #meddlings: ReadonlyMap<number, Meddling | undefined>;
  #waiting = Buffer.alloc(0);
  #state: 'version' | 'packets' | 'encrypted' = 'version';

  constructor(meddlings: ReadonlyMap<number, Meddling | undefined>) {
    this.#meddlings = meddlings;
  }

  /** What can be passed on by now. */
  changed(chunk: Buffer): Buffer {
    this.#waiting = Buffer.concat([this.#waiting, chunk]);
    const whole: Buffer[] = [];
    for (let packet = this.#next(); packet !== undefined; packet = this.#next()) whole.push(packet);
    return Buffer.concat(whole);
  }

  #next(): Buffer | undefined {
    if (this.#state === 'encrypted')
      return this.#waiting.length > 0 ? this.#take(this.#waiting.length) : undefined;
    if (this.#state === 'version') {
      const end = this.#waiting.indexOf('\n');
      if (end === -1) return undefined;
      this.#state = 'packets';
      return this.#take(end + 1);
    }
    if (this.#waiting.length < 6) return undefined;
    const length = 4 + this.#waiting.readUInt32BE(0);
    if (this.#waiting.length < length) return undefined;
    const packet = this.#take(length);
    const payload = packet.subarray(5, length - (packet[4] ?? 0));
    const type = payload[0] ?? 0;
    this.#meddlings.get(type)?.(payload);
    if (type === KEX_REPLY) this.#state = 'encrypted';
    return packet;
  }

  #take(length: number): Buffer {
    const taken = Buffer.from(this.#waiting.subarray(0, length));
    this.#waiting = this.#waiting.subarray(length);
    return taken;
  }
}
