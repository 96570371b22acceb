import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** A TCP server on loopback to forward to. */
export class Target implements AsyncDisposable {
  readonly port: number;
  readonly sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      // A test that cuts connections expects this.
      socket.on('error', () => {});
    });
  }

  static async start(onConnection: (socket: Socket) => void = echo, port = 0): Promise<Target> {
    const server = createServer({ allowHalfOpen: true }, onConnection);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    return new Target(server, address.port);
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.port };
  }

  async connection(): Promise<Socket> {
    const [socket]: Socket[] = await once(this.#server, 'connection');
    if (!socket) throw new Error('no connection came');
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

function echo(socket: Socket): void {
  socket.pipe(socket);
}

/** All that comes until the other side stops sending. (Iterating over a socket would destroy it after that.) */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}
