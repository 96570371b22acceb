import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { BULK_TIMEOUT_MS } from '../storage/batch-blocks.js';
import { listRecursively } from '../tree/list-recursively.js';
import type { Node } from '../tree/tree-node.js';
import { Volume } from '../volume.js';
import { TreeStorage } from './tree-storage.js';

/** A stored tree, and all that lies in it. */
export interface StoredTree {
  readonly volume: Volume;
  /** Each directory before what it holds. */
  readonly entries: readonly (readonly [path: string, node: Node])[];
}

/**
 * Reads what a stored tree holds, without the contents of its files.
 * @param options.known blocks of lists of entries that need not be fetched, by their hashes
 * @throws WorldError `not-found` where it is not stored, `invalid`, `too-large`
 */
export async function readDeployTree(
  client: Client,
  tree: string,
  { known, ...options }: CallOptions & { readonly known?: ReadonlyMap<string, Buffer> | undefined } = {},
): Promise<StoredTree> {
  const call = { ...options, timeoutMs: options.timeoutMs ?? BULK_TIMEOUT_MS };
  const volume = new Volume(new TreeStorage(client, tree, { known }));
  const root = await volume.look((draft) => draft.root, call);
  return { volume, entries: await listRecursively(volume, root, { ...call, name: `the tree ${tree}` }) };
}
