import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { WorldError } from '../../errors.js';
import { sha256 } from '../blocks/block-codec.js';
import { EtcdStorage, type EtcdStorageOptions } from '../storage/etcd-storage.js';
import type { Stored } from '../storage/storage.js';
import type { BlockRef } from '../tree/tree-node.js';
import { treeKey } from './tree-keys.js';

/** The tree of a deploy, to be read: its superblock has to be what its name says. */
export class TreeStorage extends EtcdStorage {
  readonly #tree: string;
  readonly #known: ReadonlyMap<string, Buffer>;

  /** @param options.known blocks that need not be fetched, by their hashes */
  constructor(
    client: Client,
    tree: string,
    {
      known = new Map(),
      ...options
    }: Pick<EtcdStorageOptions, 'log'> & { readonly known?: ReadonlyMap<string, Buffer> | undefined } = {},
  ) {
    super(client, { ...options, key: treeKey(tree), isReadOnly: true });
    this.#tree = tree;
    this.#known = known;
  }

  override async read(blocks: readonly BlockRef[], call: CallOptions): Promise<Buffer[]> {
    const unknown = blocks.filter(({ hash }) => !this.#known.has(hash));
    const fetched = unknown.length === 0 ? [] : await super.read(unknown, call);
    const found = new Map(unknown.map(({ hash }, index) => [hash, fetched[index]]));
    return blocks.map(({ hash }) => this.#known.get(hash) ?? found.get(hash) ?? Buffer.alloc(0));
  }

  /** @throws WorldError `not-found` when there is no such tree, `invalid` when it is corrupt */
  override async load(known: bigint | undefined, call: CallOptions): Promise<Stored | undefined> {
    const stored = await super.load(known, call);
    if (stored === undefined) return undefined;
    const { key } = this;
    if (stored.superblock === undefined)
      throw new WorldError('not-found', `There is no stored tree ${this.#tree}.`, { key });
    if (sha256(stored.superblock) === this.#tree) return stored;
    const message = `The stored tree ${this.#tree} is corrupt: delete its key and upload the directory again.`;
    throw new WorldError('invalid', message, { key });
  }
}
