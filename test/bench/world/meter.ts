import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Http2Requests } from './http2-requests.js';

export interface Traffic {
  /**
   * How often something was sent a round trip or more after the sending before: what waits for an answer does that. Work
   * that keeps the processor busy for longer counts too, so it is never less than what was waited for.
   */
  readonly roundTrips: number;
  readonly requests: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Counts what passes between a client of etcd and the unix socket that it would dial. */
export class Meter implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #folder: string;
  readonly #targetPath: string;
  readonly #roundTripMs: number;
  readonly #sockets = new Set<Socket>();
  #traffic = { roundTrips: 0, requests: 0, sentBytes: 0, receivedBytes: 0 };
  #sentAt = Number.NEGATIVE_INFINITY;

  /** @param roundTripMs what a round trip takes at least. */
  static async before(url: string, roundTripMs: number): Promise<Meter> {
    const folder = await mkdtemp(path.join(tmpdir(), 'meter-'));
    const meter = new Meter(folder, url.slice('unix://'.length), roundTripMs);
    meter.#server.listen(path.join(folder, 's'));
    await once(meter.#server, 'listening');
    return meter;
  }

  private constructor(folder: string, targetPath: string, roundTripMs: number) {
    this.url = `unix://${path.join(folder, 's')}`;
    this.#folder = folder;
    this.#targetPath = targetPath;
    // Timers may fire a little early.
    this.#roundTripMs = roundTripMs * 0.95;
    this.#server = createServer((near) => this.#carry(near));
  }

  /** What passed since the last call. */
  take(): Traffic {
    const traffic = this.#traffic;
    this.#traffic = { roundTrips: 0, requests: 0, sentBytes: 0, receivedBytes: 0 };
    this.#sentAt = Number.NEGATIVE_INFINITY;
    return traffic;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
    await rm(this.#folder, { recursive: true, force: true });
  }

  #carry(near: Socket): void {
    const far = connect(this.#targetPath);
    const frames = new Http2Requests();
    near.on('data', (chunk: Buffer) => this.#sent(chunk, frames));
    far.on('data', (chunk: Buffer) => {
      this.#traffic.receivedBytes += chunk.length;
    });
    near.pipe(far).pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      // `close` follows and is carried.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }

  #sent(chunk: Buffer, frames: Http2Requests): void {
    const { requests, isMessage } = frames.read(chunk);
    this.#traffic.sentBytes += chunk.length;
    this.#traffic.requests += requests;
    const now = performance.now();
    if (!isMessage || now - this.#sentAt < this.#roundTripMs) return;
    this.#traffic.roundTrips += 1;
    this.#sentAt = now;
  }
}
