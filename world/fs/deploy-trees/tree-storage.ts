import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { WorldError } from '../../errors.js';
import { sha256 } from '../blocks/block-codec.js';
import { EtcdStorage, type EtcdStorageOptions } from '../storage/etcd-storage.js';
import type { Stored } from '../storage/storage.js';
import { treeKey } from './tree-keys.js';

/** The tree of a deploy, to be read: its superblock has to be what its name says. */
export class TreeStorage extends EtcdStorage {
  readonly #tree: string;

  constructor(client: Client, tree: string, options: Pick<EtcdStorageOptions, 'log'> = {}) {
    super(client, { ...options, key: treeKey(tree), isReadOnly: true });
    this.#tree = tree;
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
