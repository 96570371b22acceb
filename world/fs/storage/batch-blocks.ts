import { inParallel } from '../../../base/in-parallel.js';
import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { splitIntoGroups } from '../../split-into-groups.js';
import { blockKey } from '../blocks/block-codec.js';

/** One less than etcd takes: the mark of the writer goes with them. */
const MOST_OPS = 127;
const MOST_BYTES = 1 << 20;

/** Transactions under way at once. */
export const IN_FLIGHT = 8;

/** How long one transaction with blocks may take, if the caller says nothing. */
export const BULK_TIMEOUT_MS = 60_000;

/** Groups blocks so that each group fits one transaction: at most 127 operations and 1 MiB before compression. */
export function batchBlocks<T extends { readonly length: number }>(
  blocks: Iterable<T>,
  mostBytes = MOST_BYTES,
): T[][] {
  const groups: T[][] = [];
  let group: T[] = [];
  let bytes = 0;
  for (const block of blocks) {
    if (group.length === MOST_OPS || (group.length > 0 && bytes + block.length > mostBytes)) {
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

/** They and their answers are small: over a long link the round trips take longest. */
const QUESTIONS_IN_FLIGHT = 32;

/** So many questions go with all other calls: a connection of its own would have to be opened first. */
const FEW = 4_000;

export interface Found {
  readonly missing: ReadonlySet<string>;
  /** The revisions of the key beside, as of the moments at which the blocks were looked for; 0 where there was none. */
  readonly seen: readonly bigint[];
}

/**
 * The hashes whose block is not stored yet, asked for by counting so that nothing but counts comes back.
 * @param options.beside a key that is looked at in the same moments
 */
export async function findMissing(
  client: Client,
  hashes: readonly string[],
  {
    storagePrefix,
    beside,
    ...options
  }: CallOptions & { readonly storagePrefix: string | undefined; readonly beside: string },
): Promise<Found> {
  const missing = new Set<string>();
  const seen: bigint[] = [];
  const call = { ...options, repeatable: true, bulk: hashes.length > FEW };
  await inParallel(splitIntoGroups(hashes, MOST_OPS), QUESTIONS_IN_FLIGHT, async (group) => {
    const gets = group.map((hash) => ({ get: blockKey(hash, storagePrefix), countOnly: true }));
    const { replies } = await client.txn({ success: [...gets, { get: beside }] }, call);
    for (const [index, hash] of group.entries()) if (replies[index]?.count === 0) missing.add(hash);
    seen.push(replies[group.length]?.entries[0]?.modRevision ?? 0n);
  });
  return { missing, seen };
}
