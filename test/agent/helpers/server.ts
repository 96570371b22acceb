import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NO_NETWORK_URLS } from '../../../agent/cluster/server/addresses/server-addresses.js';
import type { ServerStart } from '../../../agent/cluster/server/etcd/etcd-arguments.js';
import { type ServerOptions, ServerProcess } from '../../../agent/cluster/server/server-process.js';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { type EtcdVersion, resolveEtcd, testedEtcd } from '../../../fixtures/fleet/install/etcd-binary.js';
import { newCluster } from './new-cluster.js';

/** A place for one real etcd, which can be started there as often as a test likes. */
export class ServerPlace implements AsyncDisposable {
  readonly options: Omit<ServerOptions, 'start'>;
  readonly #folder: string;
  readonly #started: ServerProcess[] = [];

  static async make(
    version: EtcdVersion,
    change: Partial<ServerOptions> & { readonly unix?: boolean } = {},
  ): Promise<ServerPlace> {
    const { etcd } = await resolveEtcd(testedEtcd(version));
    const folder = await mkdtemp(path.join(tmpdir(), 'hawser-server-'));
    const [client, server] =
      change.unix === true
        ? [NO_NETWORK_URLS.client, NO_NETWORK_URLS.server]
        : [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
    const { unix: _, ...changed } = change;
    return new ServerPlace(folder, {
      name: 'h1',
      program: etcd,
      folder,
      dataFolder: path.join(folder, 'data'),
      environment: process.env,
      clientUrls: [client],
      serverUrls: [server],
      advertisedClientUrls: [client],
      advertisedServerUrls: [server],
      ...changed,
    });
  }

  private constructor(folder: string, options: Omit<ServerOptions, 'start'>) {
    this.#folder = folder;
    this.options = options;
  }

  /** Starts a server there, by default the first of a new cluster, and kills it when the place is disposed of. */
  async start(start?: ServerStart, change: Partial<ServerOptions> = {}): Promise<ServerProcess> {
    const how = start ?? (await newCluster());
    const server = await ServerProcess.start({ ...this.options, start: how, ...change });
    this.#started.push(server);
    return server;
  }

  /** Starts one and waits until it serves. */
  async serve(start?: ServerStart, change: Partial<ServerOptions> = {}): Promise<ServerProcess> {
    const server = await this.start(start, change);
    await server.ready({ signal: AbortSignal.timeout(20_000) });
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#started) server.kill();
    await Promise.all(this.#started.map((server) => server.exited));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
