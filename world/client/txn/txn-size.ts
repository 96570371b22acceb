import type { Txn, TxnOp } from './transaction.js';

/** The sizes that etcd limits: 1.5 MiB and 128 operations in a request by default. */
export interface RequestSize {
  /** The size of all keys and values. */
  readonly sizeBytes: number;
  /** As etcd counts them; absent if it is not a transaction. */
  readonly operations?: number;
}

export const DEFAULT_LIMITS = { sizeBytes: 1_572_864, operations: 128 } as const;

/** The size of a transaction; each level counts by its longest list, and inner transactions are added. */
export function sizeOfTxn({ compare = [], success = [], failure = [] }: Txn): Required<RequestSize> {
  const inside = [...success, ...failure].map(sizeOfOp);
  const compared = compare.map((each) => {
    return Buffer.byteLength(each.key) + (each.target === 'value' ? Buffer.byteLength(each.to) : 0);
  });
  return {
    sizeBytes: sum(compared) + sum(inside.map((op) => op.sizeBytes)),
    operations:
      Math.max(compare.length, success.length, failure.length) +
      Math.max(0, ...inside.map((op) => op.operations)),
  };
}

/** The size of one operation; `operations` counts only those of an inner transaction. */
export function sizeOfOp(op: TxnOp): Required<RequestSize> {
  if ('txn' in op) return sizeOfTxn(op.txn);
  if ('put' in op)
    return { sizeBytes: Buffer.byteLength(op.put) + Buffer.byteLength(op.value), operations: 0 };
  return { sizeBytes: Buffer.byteLength('get' in op ? op.get : op.delete), operations: 0 };
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
