import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { resolveEtcd } from '../../fixtures/fleet/etcd-binary.js';

/** A real etcd of one member on loopback, in a folder of its own. */
export class Etcd implements AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly #folder: string;
  readonly #arguments: readonly string[];
  readonly #program: string;
  #child: ChildProcess | undefined;

  static async start(extra: readonly string[] = []): Promise<Etcd> {
    const { etcd } = await resolveEtcd();
    const folder = await mkdtemp(path.join(tmpdir(), 'hawser-etcd-'));
    const instance = new Etcd(etcd, folder, await freePort(), await freePort(), extra);
    await instance.restart();
    return instance;
  }

  private constructor(
    program: string,
    folder: string,
    port: number,
    peerPort: number,
    extra: readonly string[],
  ) {
    const peer = `http://127.0.0.1:${peerPort}`;
    this.url = `http://127.0.0.1:${port}`;
    this.port = port;
    this.#program = program;
    this.#folder = folder;
    this.#arguments = [
      ...['--name', 'm1', '--data-dir', path.join(folder, 'data')],
      ...['--listen-client-urls', this.url, '--advertise-client-urls', this.url],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', `m1=${peer}`, '--logger', 'zap', '--log-outputs', 'stderr'],
      ...['--heartbeat-interval', '20', '--election-timeout', '200'],
      ...extra,
    ];
  }

  /** Starts the server (again) on its data and waits until it serves clients. */
  async restart(): Promise<void> {
    const child = spawn(this.#program, this.#arguments, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    let said = '';
    const ended = once(child, 'exit').then(() => {
      throw new Error(`etcd ended before it served: ${said.slice(-2000)}`);
    });
    const serves = new Promise<void>((resolve) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-20_000);
        if (/serving client traffic|ready to serve client requests/.test(said)) resolve();
      });
    });
    // The process ends later too, on purpose.
    ended.catch(() => undefined);
    await Promise.race([serves, ended]);
  }

  /** SIGKILL: as when the machine loses power, though not the disk. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Stops answering without closing anything. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
