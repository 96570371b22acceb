import type { CallRunner } from './calls/call-runner.js';
import { kindOf, type ReadOptions, type TxnReply, type WriteOptions } from './client-types.js';
import { describeKey } from './error/name-key-for-users.js';
import { putWithin, txnWithin } from './fleet/write-fence.js';
import type { Namespace } from './key-namespace.js';
import { type KeyValue, toKeyValue } from './key-value.js';
import { type Txn, toOpReply, toRange, toTxnRequest } from './txn/transaction.js';
import { sizeOfTxn } from './txn/txn-size.js';

export async function getKey(
  calls: CallRunner,
  namespace: Namespace,
  key: string,
  options?: ReadOptions,
): Promise<KeyValue | undefined> {
  const request = { ...toRange(namespace, key), revision: String(options?.revision ?? 0) };
  const { value } = await calls.perform(
    { kind: 'read', what: `read ${describeKey(key)}`, key, run: (rpc) => rpc.kv.range(request) },
    options,
  );
  const [stored] = value.kvs;
  return stored === undefined ? undefined : toKeyValue(namespace, stored);
}

/** Writes a key, within the fleet's fence. */
export async function putKey(
  calls: CallRunner,
  namespace: Namespace,
  { key, value, lease }: Pick<KeyValue, 'key' | 'value' | 'lease'>,
  options: WriteOptions,
): Promise<void> {
  const request = { key: namespace.add(key), value, lease };
  await calls.perform(
    {
      kind: kindOf(options),
      what: `write ${describeKey(key)}`,
      key,
      fleetCheck: 'fenced',
      size: () => ({ sizeBytes: request.key.length + value.length }),
      run: (rpc, fence) => putWithin(rpc, request, fence),
    },
    options,
  );
}

/** Runs a transaction, within the fleet's fence. @param what completes "Could not …" in errors. */
export async function runTxn(
  calls: CallRunner,
  namespace: Namespace,
  txn: Txn,
  what: string,
  options?: WriteOptions,
): Promise<TxnReply> {
  const request = toTxnRequest(namespace, txn);
  const { value, repeated } = await calls.perform(
    {
      kind: kindOf(options),
      what,
      fleetCheck: 'fenced',
      size: () => sizeOfTxn(txn),
      run: (rpc, fence) => txnWithin(rpc, request, fence),
    },
    options,
  );
  const replies = value.responses.map((reply) => toOpReply(namespace, reply));
  return { succeeded: value.succeeded, revision: BigInt(value.header.revision), replies, repeated };
}
