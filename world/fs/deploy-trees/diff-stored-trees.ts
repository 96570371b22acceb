import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { compareTrees, type TreeChange } from './compare-trees.js';
import type { FolderTree } from './put-deploy-tree.js';
import { readDeployTree } from './read-deploy-tree.js';

/** What has to change for one tree to become another; undefined is the empty tree. */
export async function diffTrees(
  client: Client,
  before: string | undefined,
  after: string | FolderTree | undefined,
  options: CallOptions = {},
): Promise<TreeChange[]> {
  const hash = typeof after === 'object' ? after.tree : after;
  if (before === hash) return [];
  // Directories that did not change are listed by the same blocks.
  const known = typeof after === 'object' ? after.encoded.blocks : undefined;
  const [old, next] = await Promise.all([
    before === undefined ? undefined : readDeployTree(client, before, { ...options, known }),
    typeof after === 'string' ? readDeployTree(client, after, options) : undefined,
  ]);
  const entries =
    typeof after === 'object' ? after.entries.map(({ path, node }) => [path, node] as const) : next?.entries;
  return compareTrees(old?.entries ?? [], entries ?? []);
}
