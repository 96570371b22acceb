/** Where the superblocks of file systems are kept, unless a World says otherwise. */
export const DEFAULT_METADATA_PREFIX = '/fs';

/** Where the blocks of file systems are kept, unless a World says otherwise. */
export const DEFAULT_STORAGE_PREFIX = '/storage';

/**
 * Below it the trees of deploys: their names are their hashes, so they cannot be written to. They and their blocks are
 * in the default place whatever a World says, because agents look for them there.
 */
export const TREES_PREFIX = `${DEFAULT_METADATA_PREFIX}/deploy/`;

/** Below it the trees that were stored lately and that no deploy names yet. */
export const FRESH_TREES_PREFIX = '/hawser/trees/';

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
