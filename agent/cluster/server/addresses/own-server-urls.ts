import { hostname as machineName } from 'node:os';
import type { EtcdSettings } from '../../../options/embd-etcd-options.js';
import {
  localEndpoint,
  NO_NETWORK_URLS,
  type ServerAddresses,
  serverAddresses,
  socketPaths,
} from './server-addresses.js';

/** The addresses of this host's own server: for etcd, for this machine, for others and for people. */
export class OwnAddresses {
  /** The addresses passed to etcd. */
  readonly inEtcd: ServerAddresses;
  readonly #settings: EtcdSettings;
  readonly #folder: string;

  /** @param folder etcd's working directory. */
  constructor(settings: EtcdSettings, folder: string) {
    this.inEtcd = serverAddresses(settings);
    this.#settings = settings;
    this.#folder = folder;
  }

  /** How this machine reaches its own server. */
  get localEndpoint(): string {
    return localEndpoint(this.inEtcd, this.#folder);
  }

  /** The client URLs that others use. */
  get clientUrls(): readonly string[] {
    const { advertisedClientUrls } = this.inEtcd;
    if (!advertisedClientUrls.includes(NO_NETWORK_URLS.client)) return advertisedClientUrls;
    // etcd knows its sockets by names that mean nothing outside its directory.
    const [link] = socketPaths(this.#settings.clientUrls);
    return [link === undefined ? this.localEndpoint : `unix://${link}`];
  }

  /** The URLs at which other servers find this one. */
  get advertisedServerUrls(): readonly string[] {
    return this.inEtcd.advertisedServerUrls;
  }

  /** All that lead to this host's own server. */
  get localUrls(): readonly string[] {
    return [...this.clientUrls, this.localEndpoint];
  }

  /** The address of this host, for people. */
  get forPeople(): string {
    const [url = this.localEndpoint] = this.clientUrls;
    return url.startsWith('unix:') ? machineName() : new URL(url).host;
  }
}
