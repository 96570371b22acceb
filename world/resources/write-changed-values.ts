import { inParallel } from '../../base/in-parallel.js';
import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { type TxnOp, valueIs } from '../client/txn/transaction.js';
import { txnInBatches } from '../client/txn/txn-batches.js';
import { writeIfChanged } from '../client/write/write-if-changed.js';

const LARGE_IN_FLIGHT = 4;

/** From here on a value is read and compared here, because a transaction that compares it carries it twice. */
const LARGE_BYTES = 64 << 10;

/** More than this goes over connections of its own, so that it delays nothing else. */
const BULK_BYTES = 256 << 10;

/**
 * Writes the values that differ and binds them to the lease (to none without one): one transaction inside another for
 * each, so that each decides for itself, as many together as etcd takes, side by side.
 * @returns whether anything was changed; true also when an answer was lost, because something may have been.
 */
export async function writeChangedValues(
  client: Client,
  values: ReadonlyMap<string, string>,
  lease: string | undefined,
  options: CallOptions,
): Promise<boolean> {
  const small: TxnOp[] = [];
  const large: [key: string, value: string][] = [];
  let smallBytes = 0;
  for (const [key, value] of values) {
    const bytes = Buffer.byteLength(value);
    if (bytes >= LARGE_BYTES) large.push([key, value]);
    else {
      small.push(putIfChanged(key, value, lease));
      smallBytes += 2 * (key.length + bytes);
    }
  }
  let changed = false;
  const writeSmall = async (): Promise<void> => {
    const bulk = smallBytes > BULK_BYTES;
    const { replies, repeated } = await txnInBatches(client, small, { ...options, bulk, repeatable: true });
    if (repeated || !replies.every(({ txn }) => txn?.succeeded === true)) changed = true;
  };
  const writeLarge = async ([key, value]: readonly [string, string]): Promise<void> => {
    if (await writeIfChanged(client, key, value, { ...options, lease, bulk: true })) changed = true;
  };
  const steps = [writeSmall, ...large.map((entry) => () => writeLarge(entry))];
  await inParallel(steps, LARGE_IN_FLIGHT, (step) => step());
  return changed;
}

/** Deletes the keys. @returns as {@link writeChangedValues}. */
export async function deleteKeys(
  client: Client,
  keys: readonly string[],
  options: CallOptions,
): Promise<boolean> {
  const deletes = keys.map((key) => ({ delete: key }));
  const { replies, repeated } = await txnInBatches(client, deletes, { ...options, repeatable: true });
  return repeated || replies.some(({ count }) => count > 0);
}

function putIfChanged(key: string, value: string, lease: string | undefined): TxnOp {
  const put = { put: key, value };
  return {
    txn: {
      compare: [valueIs(key, value), { key, target: 'lease', relation: '=', to: lease ?? '0' }],
      failure: [lease === undefined ? put : { ...put, lease }],
    },
  };
}
