import { AgentError } from '../../errors.js';
import type { EtcdSettings } from '../../options/embd-etcd-options.js';
import { ProcessMark, SERVER_MARK } from '../../processes/process-mark.js';
import { type SocketAccess, socketAccess } from './addresses/choose-socket-folder.js';
import { ClientSocketLink } from './addresses/client-socket-link.js';
import { OwnAddresses } from './addresses/own-server-urls.js';
import { NO_NETWORK_URLS, socketPath, socketPaths } from './addresses/server-addresses.js';
import type { DataFolder } from './data-folder.js';
import type { ServerStart, ServerTls } from './etcd/etcd-arguments.js';
import { ServerProcess } from './server-process.js';

/** Starts etcd servers of this host, as its options say. */
export class ServerLauncher {
  readonly addresses: OwnAddresses;
  readonly #settings: EtcdSettings;
  readonly #folder: DataFolder;
  readonly #access: SocketAccess;
  /** The etcd program; undefined on a host that runs no server. */
  readonly program: string | undefined;
  readonly #links: readonly ClientSocketLink[];

  constructor(settings: EtcdSettings, folder: DataFolder, program: string | undefined) {
    this.#access = socketAccess(settings, folder.folder);
    this.addresses = new OwnAddresses(settings, this.#access.folder);
    this.#settings = settings;
    this.#folder = folder;
    this.program = program;
    const target = socketPath(NO_NETWORK_URLS.client, this.#access.folder);
    this.#links = socketPaths(settings.clientUrls).map((link) => new ClientSocketLink(link, target));
  }

  get environment(): NodeJS.ProcessEnv {
    return this.#settings.environment;
  }

  /** The certificates that servers are started with. */
  get tls(): ServerTls | undefined {
    return this.#settings.tls;
  }

  /** @throws AgentError as {@link ServerProcess.start}; `invalid` on a host without an etcd program. */
  async spawn(start: ServerStart): Promise<ServerProcess> {
    if (this.program === undefined) throw new AgentError('invalid', 'This host does not run a server.');
    const { hostname, prefix, tls, quotaBackendBytes, environment, log } = this.#settings;
    await this.#access.prepare();
    for (const link of this.#links) await link.make();
    return ServerProcess.start({
      name: hostname,
      program: this.program,
      environment,
      mark: `${SERVER_MARK}=${(await ProcessMark.of(prefix)).value}`,
      folder: this.#folder.folder,
      dataFolder: this.#folder.data,
      socketFolder: this.#access.folder,
      umask: this.#access.umask,
      ...this.addresses.inEtcd,
      tls,
      quotaBackendBytes,
      start,
      log,
    });
  }

  /** The same; undefined if the server cannot even be started, which may pass: another program uses its address. */
  async trySpawn(start: ServerStart): Promise<ServerProcess | undefined> {
    try {
      return await this.spawn(start);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      this.#settings.log('warn', error.message);
      return undefined;
    }
  }

  /** Removes the links by which clients on this machine found the server. */
  async removeLinks(): Promise<void> {
    for (const link of this.#links) await link.remove();
  }
}
