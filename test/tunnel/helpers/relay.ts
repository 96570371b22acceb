import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A loopback port in front of an SSH server, that sees how often it is connected to and how often the server speaks. */
export class Relay implements AsyncDisposable {
  readonly port: number;
  /** Connections made so far. */
  connections = 0;
  /** Pieces of data that came from the server so far, on all connections. */
  answers = 0;
  /** Ends each new connection once the server has sent so many bytes. */
  cutAfterBytes = Number.POSITIVE_INFINITY;
  readonly #server: Server;
  readonly #ends = new Set<Duplex>();

  /** @param open makes the server's end of a new connection */
  static async start(open: () => Duplex): Promise<Relay> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Relay(server, open);
  }

  private constructor(server: Server, open: () => Duplex) {
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    this.port = address.port;
    this.#server = server;
    server.on('connection', (near: Socket) => this.#join(near, open()));
  }

  /** Ends all connections, as a network does. */
  cut(): void {
    for (const end of this.#ends) end.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #join(near: Socket, far: Duplex): void {
    this.connections += 1;
    const { cutAfterBytes } = this;
    let bytes = 0;
    far.on('data', (piece: Buffer) => {
      this.answers += 1;
      bytes += piece.length;
      if (bytes >= cutAfterBytes) near.destroy();
    });
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#ends.add(end);
      // `close` follows.
      end.on('error', () => {});
      end.once('close', () => {
        this.#ends.delete(end);
        other.destroy();
      });
      end.pipe(other);
    }
  }
}
