import { FRESH_TREES_PREFIX, TREES_PREFIX } from '../../keys.js';

/** How long a tree is kept without a deploy that names it: from the upload to the entry in the log. */
export const FRESH_TREE_SECONDS = 3600;

/** Where the superblock of a tree is stored. */
export function treeKey(tree: string): string {
  return `${TREES_PREFIX}${tree}`;
}

/** What keeps a tree from being freed while no deploy names it; bound to a lease. */
export function freshTreeKey(tree: string): string {
  return `${FRESH_TREES_PREFIX}${tree}`;
}
