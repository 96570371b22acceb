import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP link to a real server that a test can cut and black-hole. */
export class Link implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #port: number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #carried: (() => void)[] = [];
  #refusing = false;
  #silent = false;
  #deaf = false;

  static async to(port: number): Promise<Link> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    return new Link(server, port, `http://127.0.0.1:${address.port}`);
  }

  private constructor(server: Server, port: number, url: string) {
    this.#server = server;
    this.#port = port;
    this.url = url;
    server.on('connection', (near) => this.#join(near));
  }

  /** Ends all connections at once; new ones are taken. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
    this.#pairs.clear();
    this.#deaf = false;
  }

  /** Until the next cut, carries what the client says and loses what the server answers. */
  loseAnswers(): void {
    this.#deaf = true;
  }

  /** Ends all connections and every new one. */
  down(): void {
    this.#refusing = true;
    this.cut();
  }

  up(): void {
    this.#refusing = false;
  }

  /** Carries nothing more, in either direction, without ending anything. */
  blackHole(): void {
    this.#silent = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /** Carries again what waited. */
  heal(): void {
    this.#silent = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  /** Resolves when the server has answered something from now on, before that reaches the client. */
  answered(): Promise<void> {
    return new Promise((resolve) => this.#carried.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.down();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket): void {
    near.on('error', () => undefined);
    if (this.#refusing) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: this.#port, host: '127.0.0.1', allowHalfOpen: true });
    far.on('error', () => near.destroy());
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    near.on('data', (data) => far.write(data));
    far.on('data', (data) => {
      for (const resolve of this.#carried.splice(0)) resolve();
      // A listener may have cut the link meanwhile.
      if (!near.destroyed && !this.#deaf) near.write(data);
    });
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('end', () => to.end());
      from.on('close', () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
      if (this.#silent) from.pause();
    }
  }
}
