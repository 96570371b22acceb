import { inParallel } from '../../../base/in-parallel.js';
import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { splitIntoGroups } from '../../split-into-groups.js';
import { blockKey } from '../blocks/block-codec.js';

const MOST_OPS = 128;
const MOST_BYTES = 1 << 20;

/** Transactions under way at once. */
export const IN_FLIGHT = 8;

/** How long one transaction with blocks may take, if the caller says nothing. */
export const BULK_TIMEOUT_MS = 60_000;

/** Groups blocks so that each group fits one transaction: at most 128 operations and 1 MiB before compression. */
export function batchBlocks<T extends { readonly length: number }>(blocks: Iterable<T>): T[][] {
  const groups: T[][] = [];
  let group: T[] = [];
  let bytes = 0;
  for (const block of blocks) {
    if (group.length === MOST_OPS || (group.length > 0 && bytes + block.length > MOST_BYTES)) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(block);
    bytes += block.length;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** The hashes whose block is not stored yet, asked for by counting so that nothing but counts comes back. */
export async function findMissing(
  client: Client,
  hashes: readonly string[],
  { storagePrefix, ...options }: CallOptions & { readonly storagePrefix?: string | undefined },
): Promise<Set<string>> {
  const missing = new Set<string>();
  await inParallel(splitIntoGroups(hashes, MOST_OPS), IN_FLIGHT, async (group) => {
    const gets = group.map((hash) => ({ get: blockKey(hash, storagePrefix), countOnly: true }));
    const { replies } = await client.txn({ success: gets }, { ...options, repeatable: true, bulk: true });
    for (const [index, hash] of group.entries()) if (replies[index]?.count === 0) missing.add(hash);
  });
  return missing;
}
