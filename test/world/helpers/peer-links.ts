import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { reset } from './reset.js';

/** Each request between members of etcd names the one that sends it, in hexadecimal. */
const SENDER = /x-server-from: ([0-9a-f]+)/i;

/** What one member hears from the others goes through here, so that a test can part members from each other. */
export class PeerLink implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #pairs = new Map<Socket, { readonly far: Socket; sender: string | undefined }>();
  #isParted: (sender: string) => boolean = () => false;

  static async to(port: number): Promise<PeerLink> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    return new PeerLink(server, `http://127.0.0.1:${address.port}`, port);
  }

  private constructor(server: Server, url: string, port: number) {
    this.#server = server;
    this.url = url;
    server.on('connection', (near) => this.#join(near, connect(port, '127.0.0.1')));
  }

  /** Ends what members send for which this is so, now and from now on. @param isParted given the id, in hexadecimal. */
  part(isParted: (sender: string) => boolean): void {
    this.#isParted = isParted;
    for (const [near, { sender }] of this.#pairs) if (sender !== undefined && isParted(sender)) reset(near);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const near of this.#pairs.keys()) reset(near);
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket, far: Socket): void {
    const pair: { far: Socket; sender: string | undefined } = { far, sender: undefined };
    this.#pairs.set(near, pair);
    near.on('data', (data) => {
      pair.sender ??= SENDER.exec(data.toString('latin1'))?.[1]?.toLowerCase();
      if (pair.sender !== undefined && this.#isParted(pair.sender)) reset(near);
      else far.write(data);
    });
    far.on('data', (data) => near.write(data));
    for (const socket of [near, far]) {
      // `close` follows.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
        this.#pairs.delete(near);
      });
    }
  }
}
