import type { Txn, TxnOp } from './txn.js';

/** What etcd limits of a request: 1.5 MiB and 128 operations by default. */
export interface RequestSize {
  /** Of keys and values. */
  readonly sizeBytes: number;
  /** As etcd counts them; absent for what is no transaction. */
  readonly operations?: number;
}

export const DEFAULT_LIMITS = { sizeBytes: 1_572_864, operations: 128 } as const;

/** The size of a transaction; what is on one level counts by its longest list, what is inside counts on top. */
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

/** The size of one operation; `operations` is what it holds inside, besides itself. */
export function sizeOfOp(op: TxnOp): Required<RequestSize> {
  if ('txn' in op) return sizeOfTxn(op.txn);
  if ('put' in op)
    return { sizeBytes: Buffer.byteLength(op.put) + Buffer.byteLength(op.value), operations: 0 };
  return { sizeBytes: Buffer.byteLength('get' in op ? op.get : op.delete), operations: 0 };
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
