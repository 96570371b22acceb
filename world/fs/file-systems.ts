import type { CallOptions } from '../call-options.js';
import type { WorldContext } from '../world-context.js';
import type { TreeChange } from './deploy-trees/compare-trees.js';
import type { GetTreeOptions } from './deploy-trees/get-deploy-tree.js';
import type { FolderOptions, FolderTree, TreeUpload } from './deploy-trees/put-deploy-tree.js';
import { type FreedBlocks, freeBlocks } from './gc/free-blocks.js';
import { type FsUsage, readUsage } from './gc/read-usage.js';
import { memoryFs, openEtcdFs, sharedIn } from './open-fs.js';
import { parseFsUri } from './parse-fs-uri.js';
import { type FsPrefixes, toPrefixes } from './storage/file-system-prefixes.js';
import type { OnProgress, WorldFs } from './world-fs.js';

/** File systems that the whole fleet shares. */
export interface FsWorld {
  /**
   * The file system that a URI names: `etcdfs:///fs/NAME` is shared, `memmapfs:///` is this World's own (the
   * `standaloneFs` that it was given, else one in memory). Nothing is read before it is used.
   * @throws WorldError `invalid` for a URI that names none.
   */
  fs(uri: string): WorldFs;
  /**
   * Deletes trees that no deploy uses and unreferenced blocks; safe while others write and while etcd is full.
   * @throws WorldError `invalid`, `not-found`, `too-large` for a superblock that cannot be read; then no block was deleted.
   */
  fsGc(options?: CallOptions): Promise<FreedBlocks>;
  /** How full etcd is, and the file systems in it. */
  fsUsage(options?: CallOptions): Promise<FsUsage>;
  /** The URI of the file system in use: what `getUri` says, by default `etcdfs:///fs/shared`. */
  uri(): string;
  /**
   * Stores a directory, without `.git`, sending only missing blocks: as it is, or as it was described. A deploy must name it
   * within an hour.
   */
  putTree(
    folder: string | FolderTree,
    options?: CallOptions & FolderOptions & { readonly onProgress?: OnProgress | undefined },
  ): Promise<TreeUpload>;
  /** What would be stored for a directory, which is only read. @throws as {@link FsWorld.putTree} */
  describeFolder(folder: string, options?: FolderOptions & Pick<CallOptions, 'signal'>): Promise<FolderTree>;
  /**
   * What has to change for a stored tree to become another, or to become a directory that was described. Undefined is the
   * empty tree. Contents of files are not read.
   */
  diffTrees(
    before: string | undefined,
    after: string | FolderTree | undefined,
    options?: CallOptions,
  ): Promise<TreeChange[]>;
  /** Writes a stored tree to `folder`, which must not exist; every block is verified. On failure nothing is left. */
  getTree(tree: string, folder: string, options?: GetTreeOptions): Promise<void>;
}

/** How a World finds file systems. */
export interface FsOptions {
  /** What the path of an `etcdfs://` URI begins with: where file systems are kept. Default `/fs`. */
  readonly metadataPrefix?: string | undefined;
  /** Where the blocks of those file systems are kept. Default `/storage`. Trees of deploys are at the defaults always. */
  readonly storagePrefix?: string | undefined;
  /** What `memmapfs:///` names; default one in memory. */
  readonly standaloneFs?: WorldFs | undefined;
  /** What the World's `uri()` says; default `etcdfs:///fs/shared`, under the `metadataPrefix`. */
  readonly getUri?: (() => string) | undefined;
  /** etcd's `--quota-backend-bytes`, to warn before it is reached; default etcd's own, 2 GiB. */
  readonly quotaBytes?: number | undefined;
}

/** The file systems of one World; the same URI gives the same object. */
export class FileSystems {
  readonly #world: WorldContext;
  readonly #options: FsOptions;
  readonly #prefixes: FsPrefixes;
  readonly #opened = new Map<string, WorldFs>();
  #memory: WorldFs | undefined;

  /** @throws WorldError `invalid` for a prefix that is not valid. */
  constructor(world: WorldContext, options: FsOptions) {
    this.#world = world;
    this.#options = options;
    this.#prefixes = toPrefixes(options);
  }

  fs(uri: string): WorldFs {
    const location = parseFsUri(uri, this.#prefixes.metadataPrefix);
    if (location.kind === 'memory') {
      this.#memory ??= this.#options.standaloneFs ?? memoryFs();
      return this.#memory;
    }
    const { quotaBytes } = this.#options;
    const fs =
      this.#opened.get(location.key) ??
      openEtcdFs(this.#world.client, location.key, {
        prefixes: this.#prefixes,
        log: this.#world.log,
        quotaBytes,
      });
    this.#opened.set(location.key, fs);
    return fs;
  }

  fsGc(options?: CallOptions): Promise<FreedBlocks> {
    return freeBlocks(this.#world.client, this.#world.log, { ...options, prefixes: this.#prefixes });
  }

  fsUsage(options?: CallOptions): Promise<FsUsage> {
    return readUsage(
      this.#world.client,
      { prefixes: this.#prefixes, quotaBytes: this.#options.quotaBytes },
      options,
    );
  }

  uri(): string {
    return this.#options.getUri?.() ?? sharedIn(this.#prefixes.metadataPrefix);
  }
}
