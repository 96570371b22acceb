import { inParallel } from '../../../base/in-parallel.js';
import { WorldError } from '../../errors.js';
import type { Client } from '../client.js';
import type { WriteOptions } from '../client-types.js';
import type { OpReply, TxnOp } from './transaction.js';
import { DEFAULT_LIMITS, sizeOfOp } from './txn-size.js';

const IN_FLIGHT = 16;
const BATCH_BYTES = 1 << 20;

export interface BatchOptions extends WriteOptions {
  /** How many operations the servers accept in a transaction (their `--max-txn-ops`). Default 128, like etcd's. */
  readonly maxOperations?: number | undefined;
}

export interface BatchReply {
  /** In the order of the operations. */
  readonly replies: readonly OpReply[];
  /** An answer was lost, so a reply may show the effect of an earlier attempt. */
  readonly repeated: boolean;
}

/** Some of the operations, with their positions in the list. */
type Batch = readonly (readonly [index: number, op: TxnOp])[];

/**
 * Runs any number of independent operations in as few transactions as etcd accepts, in parallel. Each transaction is
 * atomic; after a failure some may have been applied and others not. If a server accepts fewer operations than given,
 * the batches shrink.
 * @throws WorldError `invalid` if two operations write the same key; `too-large` if a single one is too large; and as
 * {@link Client.txn} does
 */
export async function txnInBatches(
  client: Client,
  ops: readonly TxnOp[],
  { maxOperations = DEFAULT_LIMITS.operations, ...options }: BatchOptions = {},
): Promise<BatchReply> {
  checkIndependent(ops);
  const replies = new Array<OpReply>(ops.length);
  let limit = maxOperations;
  let repeated = false;
  const run = async (batch: Batch): Promise<void> => {
    const smaller = batchesOf(batch, limit);
    if (smaller.length > 1) return inParallel(smaller, 1, run);
    try {
      const reply = await client.txn({ success: batch.map(([, op]) => op) }, options);
      for (const [position, [index]] of batch.entries())
        replies[index] = reply.replies[position] ?? { entries: [], count: 0 };
      repeated ||= reply.repeated;
    } catch (error) {
      const refused = error instanceof WorldError && error.code === 'too-large';
      if (!refused || batch.length === 1) throw error;
      limit = Math.min(limit, operationsOf(batch) - Math.floor(batch.length / 2));
      await run(batch);
    }
  };
  await inParallel(batchesOf([...ops.entries()], limit), IN_FLIGHT, run);
  return { replies, repeated };
}

/** Groups operations, in order, so that each group is within the limits; one that exceeds them is alone. */
export function batchesOf(ops: Batch, maxOperations: number): Batch[] {
  const batches: Batch[] = [];
  let batch: (readonly [number, TxnOp])[] = [];
  let inside = 0;
  let bytes = 0;
  for (const entry of ops) {
    const size = sizeOfOp(entry[1]);
    inside = Math.max(inside, size.operations);
    bytes += size.sizeBytes;
    // One for this operation, and one for the wrapper that count-against-quota.ts may add.
    const more = inside > 0 ? 2 : 1;
    if (batch.length > 0 && (batch.length + more + inside > maxOperations || bytes > BATCH_BYTES)) {
      batches.push(batch);
      batch = [];
      inside = size.operations;
      bytes = size.sizeBytes;
    }
    batch.push(entry);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

function operationsOf(batch: Batch): number {
  return batch.length + Math.max(0, ...batch.map(([, op]) => sizeOfOp(op).operations));
}

function checkIndependent(ops: readonly TxnOp[]): void {
  const seen = new Set<string>();
  for (const op of ops) {
    const key = 'put' in op ? op.put : 'delete' in op && op.prefix !== true ? op.delete : undefined;
    if (key === undefined) continue;
    if (seen.has(key)) {
      const message = `Cannot run the operations in parallel: two of them write ${key}. Run them one after the other.`;
      throw new WorldError('invalid', message, { key });
    }
    seen.add(key);
  }
}
