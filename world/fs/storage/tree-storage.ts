import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { WorldError } from '../../errors.js';
import { sha256 } from '../blocks/block-codec.js';
import { Pace } from '../copy/tree-limits.js';
import type { TreeEntry } from '../copy/write-entries.js';
import { EscapeChecker } from '../tree/escape-checker.js';
import { EtcdStorage, type EtcdStorageOptions } from './etcd-storage.js';
import type { Stored } from './storage.js';
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
    const message = `The stored tree ${this.#tree} is corrupt: delete its key and upload the folder again.`;
    throw new WorldError('invalid', message, { key });
  }
}

/**
 * Refuses what, written to disk, would lie or lead outside the tree's folder or have more rights than its owner gave.
 * @param entries without the root. @throws WorldError `invalid` naming the first that is not valid.
 */
export async function checkTree(
  entries: readonly TreeEntry[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const described = entries.map(([path, node]) => ({ ...node, path }));
  const checker = new EscapeChecker(described);
  const pace = new Pace(signal);
  for (const entry of described) {
    if (pace.isDue()) await pace.rest();
    const isSpecial = entry.type !== 'symlink' && entry.mode > 0o777;
    const why = isSpecial ? 'has a set-user-ID, set-group-ID or sticky bit' : checker.problemOf(entry);
    if (why === undefined) continue;
    throw new WorldError('invalid', `The tree cannot be used: "${entry.path}" ${why}.`);
  }
}
