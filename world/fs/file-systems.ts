import type { Client } from '../client/client.js';
import type { Log } from '../log.js';
import type { CallOptions } from '../world.js';
import { type FreedBlocks, freeBlocks } from './gc.js';
import { DEFAULT_FS_URI, memoryFs, openEtcdFs, parseFsUri } from './open-fs.js';
import { type FsUsage, readUsage } from './usage.js';
import type { WorldFs } from './world-fs.js';

/** How a World finds file systems. */
export interface FsOptions {
  /** What `memmapfs:///` names; default one in memory. */
  readonly standaloneFs?: WorldFs | undefined;
  /** What the World's `uri()` says; default `etcdfs:///fs/shared`. */
  readonly getUri?: (() => string) | undefined;
  /** etcd's `--quota-backend-bytes`, to warn before it is reached; default etcd's own, 2 GiB. */
  readonly quotaBytes?: number | undefined;
}

/** The file systems of one World; the same URI gives the same object. */
export class FileSystems {
  readonly #client: Client;
  readonly #log: Log | undefined;
  readonly #options: FsOptions;
  readonly #opened = new Map<string, WorldFs>();
  #memory: WorldFs | undefined;

  constructor(client: Client, log: Log | undefined, options: FsOptions) {
    this.#client = client;
    this.#log = log;
    this.#options = options;
  }

  fs(uri: string): WorldFs {
    const location = parseFsUri(uri);
    if (location.kind === 'memory') {
      this.#memory ??= this.#options.standaloneFs ?? memoryFs();
      return this.#memory;
    }
    const { quotaBytes } = this.#options;
    const fs =
      this.#opened.get(location.key) ??
      openEtcdFs(this.#client, location.key, { log: this.#log, quotaBytes });
    this.#opened.set(location.key, fs);
    return fs;
  }

  gc(options?: CallOptions): Promise<FreedBlocks> {
    return freeBlocks(this.#client, this.#log, options);
  }

  usage(options?: CallOptions): Promise<FsUsage> {
    return readUsage(this.#client, this.#options.quotaBytes, options);
  }

  uri(): string {
    return this.#options.getUri?.() ?? DEFAULT_FS_URI;
  }
}
