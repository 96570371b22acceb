import type { IRequestOp, ITxnRequest, ITxnResponse } from 'etcd3';

/**
 * Shows etcd's quota that a transaction writes. etcd counts the puts of either branch, but none of a transaction inside
 * (`costTxn` in its quota.go), so one whose puts are all inside would be written to a full database. It is
 * put inside one more, whose other branch, which never runs, has a put of such a key.
 */
export function counted(request: ITxnRequest): ITxnRequest {
  const key = hiddenPut(request);
  if (key === undefined) return request;
  return {
    compare: [{ key, target: 'Version', result: 'Greater', version: '-1' }],
    success: [{ request_txn: request }],
    failure: [{ request_put: { key } }],
  };
}

/** The reply to the transaction itself. */
export function uncounted(
  request: ITxnRequest,
  reply: ITxnResponse,
): Pick<ITxnResponse, 'header' | 'succeeded' | 'responses'> {
  if (hiddenPut(request) === undefined) return reply;
  const inner = reply.responses[0]?.response_txn;
  return { header: reply.header, succeeded: inner?.succeeded ?? false, responses: inner?.responses ?? [] };
}

/** The key of the first put inside a transaction inside, where there is none outside. */
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
