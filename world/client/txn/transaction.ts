import type {
  CompareTarget,
  ICompare,
  IRangeRequest,
  IRequestOp,
  IResponseOp,
  ITxnRequest,
} from '../internals/etcd3.js';
import { type Namespace, prefixEnd } from '../key-namespace.js';
import { type KeyValue, toKeyValue } from '../key-value.js';

/** A condition on one key. A key that does not exist has version and revisions 0, and no value. */
export type Compare =
  | {
      readonly key: string;
      readonly target: 'version' | 'createRevision' | 'modRevision' | 'lease';
      readonly relation: '=' | '!=' | '<' | '>';
      readonly to: bigint | number | string;
    }
  | {
      readonly key: string;
      readonly target: 'value';
      readonly relation: '=' | '!=' | '<' | '>';
      readonly to: string | Buffer;
    };

/** Selects the keys of a prefix that were created first or last. */
export interface ByCreation {
  readonly order: 'first' | 'last';
  readonly limit: number;
  /** Ignores keys that were created after this revision. */
  readonly upTo?: bigint | undefined;
}

/** One operation of a transaction. */
export type TxnOp =
  | { readonly put: string; readonly value: string | Buffer; readonly lease?: string | undefined }
  | {
      readonly get: string;
      readonly prefix?: boolean | undefined;
      readonly countOnly?: boolean | undefined;
      readonly byCreation?: ByCreation | undefined;
    }
  | { readonly delete: string; readonly prefix?: boolean | undefined }
  /** An inner transaction with its own comparisons; etcd's limit applies to the operations of all levels together. */
  | { readonly txn: Txn };

/**
 * A transaction: `success` runs if all comparisons hold, otherwise `failure`; at most 128 operations in each and 127
 * comparisons, and one operation fewer if `failure` writes, because the client compares the fleet too.
 */
export interface Txn {
  readonly compare?: readonly Compare[] | undefined;
  readonly success?: readonly TxnOp[] | undefined;
  readonly failure?: readonly TxnOp[] | undefined;
}

/** The result of one operation: the keys that a `get` found, and the number of keys found or deleted. */
export interface OpReply {
  readonly entries: readonly KeyValue[];
  readonly count: number;
  /** For an inner transaction: whether its comparisons held, and the results of the branch that ran. */
  readonly txn?: { readonly succeeded: boolean; readonly replies: readonly OpReply[] };
}

export function absent(key: string): Compare {
  return { key, target: 'version', relation: '=', to: 0 };
}

export function present(key: string): Compare {
  return { key, target: 'version', relation: '>', to: 0 };
}

/** Does not hold for a key that does not exist. */
export function valueIs(key: string, value: string | Buffer): Compare {
  return { key, target: 'value', relation: '=', to: value };
}

export function unchangedSince(entry: KeyValue): Compare {
  return { key: entry.key, target: 'modRevision', relation: '=', to: entry.modRevision };
}

const RESULTS = { '=': 'Equal', '!=': 'NotEqual', '<': 'Less', '>': 'Greater' } as const;

const TARGETS = {
  version: ['Version', 'version'],
  createRevision: ['Create', 'create_revision'],
  modRevision: ['Mod', 'mod_revision'],
  lease: ['Lease', 'lease'],
} as const satisfies Record<string, readonly [keyof typeof CompareTarget, keyof ICompare]>;

export function toTxnRequest(namespace: Namespace, txn: Txn): ITxnRequest {
  return {
    compare: (txn.compare ?? []).map((compare) => toCompare(namespace, compare)),
    success: (txn.success ?? []).map((op) => toRequestOp(namespace, op)),
    failure: (txn.failure ?? []).map((op) => toRequestOp(namespace, op)),
  };
}

function toCompare(namespace: Namespace, compare: Compare): ICompare {
  const key = namespace.add(compare.key);
  const result = RESULTS[compare.relation];
  if (compare.target === 'value') return { key, result, target: 'Value', value: Buffer.from(compare.to) };
  const [target, field] = TARGETS[compare.target];
  return { key, result, target, [field]: String(compare.to) };
}

function toRequestOp(namespace: Namespace, op: TxnOp): IRequestOp {
  if ('put' in op) {
    const { lease = '0' } = op;
    return { request_put: { key: namespace.add(op.put), value: Buffer.from(op.value), lease } };
  }
  if ('get' in op) {
    const range = { ...toRange(namespace, op.get, op.prefix), ...toOrder(op.byCreation) };
    return { request_range: { ...range, count_only: op.countOnly ?? false } };
  }
  if ('txn' in op) return { request_txn: toTxnRequest(namespace, op.txn) };
  return { request_delete_range: toRange(namespace, op.delete, op.prefix) };
}

function toOrder(byCreation: ByCreation | undefined): Partial<IRangeRequest> {
  if (byCreation === undefined) return {};
  const { order, limit, upTo } = byCreation;
  return {
    limit,
    sort_target: 'Create',
    sort_order: order === 'first' ? 'Ascend' : 'Descend',
    max_create_revision: String(upTo ?? 0),
  };
}

export function toOpReply(namespace: Namespace, reply: IResponseOp): OpReply {
  // grpc-js omits the other members of the union, though etcd3's types say that they are present.
  const {
    response_range: range,
    response_delete_range: deleted,
    response_txn: txn,
  }: Partial<IResponseOp> = reply;
  if (range) {
    return { entries: range.kvs.map((stored) => toKeyValue(namespace, stored)), count: Number(range.count) };
  }
  if (txn) {
    const replies = txn.responses.map((inner) => toOpReply(namespace, inner));
    return { entries: [], count: 0, txn: { succeeded: txn.succeeded, replies } };
  }
  return { entries: [], count: deleted ? Number(deleted.deleted) : 0 };
}

/** The range of one key, or of all keys that start with it. */
export function toRange(
  namespace: Namespace,
  key: string,
  prefix = false,
): { key: Buffer; range_end?: Buffer } {
  const from = namespace.add(key);
  if (!prefix) return { key: from };
  return { key: from.length === 0 ? Buffer.from([0]) : from, range_end: prefixEnd(from) };
}
