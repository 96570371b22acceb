import type { IRequestOp, ITxnRequest, ITxnResponse } from '../internals/etcd3.js';

/**
 * Makes a transaction count against etcd's quota. etcd counts the puts of both branches, but none of an inner transaction
 * (`costTxn` in its quota.go), so a transaction whose puts are all inner would be applied to a full database. Such a one
 * is wrapped in another, whose second branch, which never runs, has a put of one of the keys.
 */
export function countAgainstQuota(request: ITxnRequest): ITxnRequest {
  const key = hiddenPut(request);
  if (key === undefined) return request;
  return {
    compare: [{ key, target: 'Version', result: 'Greater', version: '-1' }],
    success: [{ request_txn: request }],
    failure: [{ request_put: { key } }],
  };
}

/** The reply to the original transaction. */
export function uncounted(
  request: ITxnRequest,
  reply: ITxnResponse,
): Pick<ITxnResponse, 'header' | 'succeeded' | 'responses'> {
  if (hiddenPut(request) === undefined) return reply;
  const inner = reply.responses[0]?.response_txn;
  return { header: reply.header, succeeded: inner?.succeeded ?? false, responses: inner?.responses ?? [] };
}

/** The key of the first put of an inner transaction, if the transaction itself has no puts. */
function hiddenPut(request: ITxnRequest): Buffer | undefined {
  const ops = opsOf(request);
  if (ops.some((op) => op.request_put !== undefined)) return undefined;
  return firstPut(ops);
}

function firstPut(ops: readonly IRequestOp[]): Buffer | undefined {
  for (const { request_put: put, request_txn: txn } of ops) {
    const key = put?.key ?? (txn === undefined ? undefined : firstPut(opsOf(txn)));
    if (key !== undefined) return key;
  }
  return undefined;
}

function opsOf({ success = [], failure = [] }: ITxnRequest): readonly IRequestOp[] {
  return [...success, ...failure];
}
