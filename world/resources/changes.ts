import type { Client } from '../client/client.js';
import { type Compare, type TxnOp, valueIs } from '../client/txn.js';
import { inParallel } from '../fs/in-parallel.js';
import { inBatches } from '../in-batches.js';
import type { CallOptions } from '../world.js';
import { writeIfChanged } from '../write-if-changed.js';

const IN_FLIGHT = 16;

/** etcd counts the largest number of operations of each level, and ours have two comparisons inside: 126 + 2. */
const WRITES = { items: 126, sizeBytes: 1 << 20 };
const DELETES = { items: 128, sizeBytes: 1 << 20 };

/** From here on a value is read and compared here, because a transaction that compares it carries it twice. */
const LARGE_BYTES = 64 << 10;

/**
 * Writes the values that differ and binds them to the lease (to none without one): one transaction inside another for
 * each, so that each decides for itself, as many together as etcd takes, side by side.
 * @returns true when nothing had to change; false also when an answer was lost, because something may have.
 */
export async function writeChanged(
  client: Client,
  values: ReadonlyMap<string, string>,
  lease: string | undefined,
  options: CallOptions,
): Promise<boolean> {
  const sized = [...values].map(([key, value]) => ({ key, value, bytes: Buffer.byteLength(value) }));
  const small = sized.filter(({ bytes }) => bytes < LARGE_BYTES);
  const batches = inBatches(small, WRITES, ({ key, bytes }) => 2 * (key.length + bytes));
  const bulk = batches.length > 1;
  const writes = batches.map((batch) => async (): Promise<boolean> => {
    const ops = batch.map(({ key, value }) => ({ txn: decide(key, value, lease) }));
    const { replies, repeated } = await client.txn({ success: ops }, { ...options, bulk, repeatable: true });
    return !repeated && replies.every(({ txn }) => txn?.succeeded === true);
  });
  const large = sized
    .filter(({ bytes }) => bytes >= LARGE_BYTES)
    .map(
      ({ key, value }) =>
        async () =>
          !(await writeIfChanged(client, key, value, { ...options, lease, bulk: true })),
    );
  return allUnchanged([...writes, ...large]);
}

/** Deletes the keys. @returns as {@link writeChanged}. */
export async function deleteKeys(
  client: Client,
  keys: readonly string[],
  options: CallOptions,
): Promise<boolean> {
  const batches = inBatches(keys, DELETES, (key) => key.length);
  return allUnchanged(
    batches.map((batch) => async (): Promise<boolean> => {
      const ops = batch.map((key) => ({ delete: key }));
      const { replies, repeated } = await client.txn({ success: ops }, { ...options, repeatable: true });
      return !repeated && replies.every(({ count }) => count === 0);
    }),
  );
}

function decide(
  key: string,
  value: string,
  lease: string | undefined,
): { compare: Compare[]; failure: TxnOp[] } {
  const put = { put: key, value };
  return {
    compare: [valueIs(key, value), { key, target: 'lease', relation: '=', to: lease ?? '0' }],
    failure: [lease === undefined ? put : { ...put, lease }],
  };
}

async function allUnchanged(steps: readonly (() => Promise<boolean>)[]): Promise<boolean> {
  let unchanged = true;
  await inParallel(steps, IN_FLIGHT, async (step) => {
    if (!(await step())) unchanged = false;
  });
  return unchanged;
}
