import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { reset } from './reset.js';

const QUIET_TURNS = 50;

/** How many round trips lie behind what each end of a connection has heard. */
interface Clock {
  client: number;
  server: number;
}

/** A TCP link to a real server that a test can cut and black-hole. */
export class Link implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #port: number;
  readonly #pairs = new Map<readonly [Socket, Socket], Clock>();
  readonly #carried: (() => void)[] = [];
  readonly #awaited: { bytes: number; readonly resolve: () => void }[] = [];
  readonly #delayMs: number;
  readonly #waiting: (() => void)[] = [];
  #answers: NodeJS.Timeout | undefined;
  #speaking = false;
  #refusing = false;
  #silent = false;
  #deaf = false;

  /** @param delayMs how long everything is under way, each way; answers longer, until the client pauses. */
  static async to(port: number, { delayMs = 0 } = {}): Promise<Link> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    return new Link(server, port, `http://127.0.0.1:${address.port}`, delayMs);
  }

  private constructor(server: Server, port: number, url: string, delayMs: number) {
    this.#delayMs = delayMs;
    this.#server = server;
    this.#port = port;
    this.url = url;
    server.on('connection', (near) => this.#join(near));
  }

  /**
   * How many round trips lie behind what the client has heard over a connection, as far as each had to wait for the one
   * before it, and counted from when it was made, which costs two. Only counted with a delay.
   */
  get roundTrips(): number {
    return Math.max(0, ...[...this.#pairs.values()].map((clock) => clock.client));
  }

  /** Ends all connections at once; new ones are taken. */
  cut(): void {
    for (const pair of this.#pairs.keys()) for (const socket of pair) reset(socket);
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
    for (const pair of this.#pairs.keys()) for (const socket of pair) socket.pause();
  }

  /** Carries again what waited. */
  heal(): void {
    this.#silent = false;
    for (const pair of this.#pairs.keys()) for (const socket of pair) socket.resume();
  }

  /** Resolves when the server has answered something from now on, before that reaches the client. */
  answered(): Promise<void> {
    return new Promise((resolve) => this.#carried.push(resolve));
  }

  /** Resolves when the client has said so many more bytes, before the last of them reach the server. */
  said(bytes: number): Promise<void> {
    return new Promise((resolve) => this.#awaited.push({ bytes, resolve }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.down();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #count(bytes: number): void {
    for (const one of this.#awaited) {
      one.bytes -= bytes;
      if (one.bytes <= 0) one.resolve();
    }
  }

  #later(deliver: () => void): void {
    if (this.#delayMs === 0) deliver();
    else setTimeout(deliver, this.#delayMs);
  }

  /** Answers wait for one another, and for a client that still speaks. */
  #answer(deliver: () => void): void {
    if (this.#delayMs === 0) {
      deliver();
      return;
    }
    this.#waiting.push(deliver);
    this.#answers ??= setTimeout(() => this.#whenQuiet(QUIET_TURNS), this.#delayMs);
  }

  /** On a busy machine timers run late: only turns of the event loop tell that the client has nothing more to say. */
  #whenQuiet(turns: number): void {
    if (this.#speaking) {
      this.#speaking = false;
      this.#answers = setTimeout(() => this.#whenQuiet(QUIET_TURNS), this.#delayMs);
    } else if (turns > 0) {
      setImmediate(() => this.#whenQuiet(turns - 1));
    } else {
      this.#answers = undefined;
      for (const each of this.#waiting.splice(0)) each();
    }
  }

  #join(near: Socket): void {
    near.on('error', () => undefined);
    if (this.#refusing) {
      reset(near);
      return;
    }
    const far = connect({ port: this.#port, host: '127.0.0.1', allowHalfOpen: true });
    far.on('error', () => near.destroy());
    const pair = [near, far] as const;
    const clock = { client: 1, server: 2 };
    this.#pairs.set(pair, clock);
    near.on('data', (data) => {
      const trip = clock.client + 1;
      this.#speaking = true;
      this.#count(data.length);
      this.#later(() => {
        clock.server = Math.max(clock.server, trip);
        if (!far.destroyed) far.write(data);
      });
    });
    far.on('data', (data) => {
      const trip = clock.server;
      for (const resolve of this.#carried.splice(0)) resolve();
      this.#answer(() => {
        clock.client = Math.max(clock.client, trip);
        // A listener may have cut the link meanwhile.
        if (!near.destroyed && !this.#deaf) near.write(data);
      });
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
