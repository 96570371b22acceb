import type { CallOptions } from '../../call-options.js';
import type { Client } from '../../client/client.js';
import { absent } from '../../client/txn/transaction.js';

/**
 * How blocks are freed safely while others write, without clocks, and by deletions alone: those are all that etcd takes
 * once it is full.
 *
 * A writer makes sure that `freed` exists and notes its revision before it relies on blocks; its commit requires
 * that revision still, and writes `committed`. A sweep notes the revision of `committed` before it looks which
 * blocks are named; each deletion requires that revision still, and deletes `freed` too. Whichever comes second fails and
 * looks again. That holds across an alarm as well: while it lasts no commit succeeds, and one that comes after it finds
 * `freed` gone, or made again with another revision.
 * Blocks that are put but not yet named are younger than the mark of their writer, which lives as long as its session.
 */
export interface FreeingKeys {
  readonly freed: string;
  readonly committed: string;
  /** Prefix of the marks of those who upload now. */
  readonly writers: string;
}

/** @param storagePrefix where the blocks are kept; these keys are beside it. */
export function freeingKeys(storagePrefix: string): FreeingKeys {
  return {
    freed: `${storagePrefix}-freed`,
    committed: `${storagePrefix}-committed`,
    writers: `${storagePrefix}-writers/`,
  };
}

/** The revision of the key `freed`, which is made where a sweep has deleted it. */
export async function freedRevision(client: Client, freed: string, call: CallOptions): Promise<bigint> {
  const known = await client.get(freed, call);
  if (known !== undefined) return known.modRevision;
  const { succeeded, revision, replies } = await client.txn(
    { compare: [absent(freed)], success: [{ put: freed, value: '' }], failure: [{ get: freed }] },
    { ...call, repeatable: true },
  );
  return succeeded ? revision : (replies[0]?.entries[0]?.modRevision ?? 0n);
}
