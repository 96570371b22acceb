import type { Rpc } from '../calls/etcd-rpc.js';
import type {
  ICompare,
  IPutRequest,
  IRequestOp,
  IResponseHeader,
  IResponseOp,
  ITxnRequest,
  ITxnResponse,
} from '../internals/etcd3.js';
import { countAgainstQuota, uncounted } from '../txn/make-quota-count-nested-puts.js';

/** What each write compares, so that it changes nothing in another fleet: the key that names the fleet, and its value. */
export interface Fence {
  readonly key: Buffer;
  /** Undefined for a cluster that names no fleet: the key must not exist. */
  readonly value: Buffer | undefined;
}

/** A write was refused because the fleet's key holds another value; nothing was applied. */
export class FenceBroken extends Error {
  readonly header: IResponseHeader;
  /** The value found; undefined if the key does not exist. */
  readonly found: Buffer | undefined;

  constructor(header: IResponseHeader, found: Buffer | undefined) {
    super('The key that names the fleet holds another value.');
    this.header = header;
    this.found = found;
  }
}

/**
 * Makes a transaction run only if the fence holds. One more comparison is enough if its `failure` branch only reads;
 * otherwise that branch would also run in another fleet, so it goes into an inner transaction that compares again.
 */
function fenced(request: ITxnRequest, fence: Fence | undefined): ITxnRequest {
  if (fence === undefined) return request;
  const compare = toCompare(fence);
  const look: IRequestOp = { request_range: { key: fence.key } };
  const { success = [], failure = [] } = request;
  const otherwise = onlyReads(failure)
    ? failure
    : [{ request_txn: { compare: [compare], success: failure, failure: [] } }];
  return {
    compare: [compare, ...(request.compare ?? [])],
    success,
    failure: [look, ...otherwise],
  };
}

function toCompare({ key, value }: Fence): ICompare {
  if (value === undefined) return { key, result: 'Equal', target: 'Version', version: '0' };
  return { key, result: 'Equal', target: 'Value', value };
}

/** The reply to the original transaction. @throws FenceBroken */
function unfenced(
  request: ITxnRequest,
  reply: Pick<ITxnResponse, 'header' | 'succeeded' | 'responses'>,
  fence: Fence | undefined,
): Pick<ITxnResponse, 'header' | 'succeeded' | 'responses'> {
  if (fence === undefined) return reply;
  const { header, succeeded, responses } = reply;
  if (succeeded) return reply;
  const [first, ...rest] = responses;
  const { response_range: looked }: Partial<IResponseOp> = first ?? {};
  const found = looked?.kvs[0]?.value;
  const isRightFleet = fence.value === undefined ? found === undefined : found?.equals(fence.value) === true;
  if (!isRightFleet) throw new FenceBroken(header, found);
  if (onlyReads(request.failure ?? [])) return { header, succeeded, responses: rest };
  const { response_txn: inner }: Partial<IResponseOp> = rest[0] ?? {};
  return { header, succeeded, responses: inner?.responses ?? [] };
}

/** Runs a transaction inside its fence. @throws FenceBroken */
export async function txnWithin(
  rpc: Rpc,
  request: ITxnRequest,
  fence: Fence | undefined,
): Promise<Pick<ITxnResponse, 'header' | 'succeeded' | 'responses'>> {
  const whole = fenced(request, fence);
  return unfenced(request, uncounted(whole, await rpc.kv.txn(countAgainstQuota(whole))), fence);
}

/** Writes a key inside a fence; without one by a plain put. @throws FenceBroken */
export async function putWithin(rpc: Rpc, put: IPutRequest, fence: Fence | undefined): Promise<object> {
  return fence === undefined ? rpc.kv.put(put) : txnWithin(rpc, { success: [{ request_put: put }] }, fence);
}

function onlyReads(ops: readonly IRequestOp[]): boolean {
  return ops.every((op) => 'request_range' in op);
}
