import test from 'ava';
import fc from 'fast-check';
import { batchesOf } from '../../../world/client/txn/txn-batches.js';
import { sizeOfTxn } from '../../../world/client/txn/txn-size.js';
import { Client, type TxnOp, txnInBatches, WorldError } from '../../../world/index.js';
import { absent } from '../../../world/internal.js';
import { Etcd } from '../helpers/etcd.js';

let etcd: Etcd;
let client: Client;

test.before(async () => {
  etcd = await Etcd.start(['--max-txn-ops', '20']);
  client = Client.create({ endpoints: [etcd.url], namespace: '/batches' });
});

test.after.always(async () => {
  await client.close();
  await etcd[Symbol.asyncDispose]();
});

function puts(count: number, value = ''): TxnOp[] {
  return Array.from({ length: count }, (_, index) => ({ put: `/${index}`, value }));
}

test.serial(
  'a server that takes fewer operations than told is given fewer, and all are applied once',
  async (t) => {
    t.is((await txnInBatches(client, puts(300))).replies.length, 300);
    const { entries } = await client.list('/');
    t.is(entries.length, 300);
    t.true(entries.every((entry) => entry.version === 1n));
    const gets = entries.map(({ key }) => ({ get: key }));
    const { replies } = await txnInBatches(client, gets, { maxOperations: 20 });
    t.deepEqual(
      replies.map((reply) => reply.entries[0]?.key),
      entries.map((entry) => entry.key),
    );
    t.is(await client.delPrefix('/'), 300);
  },
);

test.serial(
  'large values are split by size, and one that is too large is refused with its size',
  async (t) => {
    await txnInBatches(client, puts(30, 'x'.repeat(200_000)));
    t.is((await client.list('/', { keysOnly: true })).entries.length, 30);
    const error = await t.throwsAsync(txnInBatches(client, [{ put: '/k', value: 'x'.repeat(1_600_000) }]), {
      instanceOf: WorldError,
      code: 'too-large',
    });
    t.regex(error?.message ?? '', /1,600,002 bytes; etcd accepts 1,572,864/);
  },
);

test.serial('operations that write the same key are refused before anything is sent', async (t) => {
  const error = await t.throwsAsync(
    txnInBatches(client, [{ put: '/same', value: '' }, { delete: '/same' }]),
    {
      code: 'invalid',
    },
  );
  t.like(error, { key: '/same' });
  t.is(await client.get('/same'), undefined);
});

test.serial(
  'too many operations are refused with their number; nested ones count as etcd counts them',
  async (t) => {
    const nested = (count: number, inside: number): TxnOp[] =>
      Array.from({ length: count }, (_, index) => ({
        txn: { compare: [absent(`/n/${index}`)], success: puts(inside) },
      }));
    const error = await t.throwsAsync(client.txn({ success: puts(21) }), { code: 'too-large' });
    t.regex(error?.message ?? '', /21 operations; etcd accepts 128/);
    const gets = (count: number): TxnOp[] => Array.from({ length: count }, () => ({ get: '/0' }));
    await t.notThrowsAsync(client.txn({ success: [...gets(14), { txn: { success: gets(5) } }] }));
    await t.throwsAsync(client.txn({ success: [...gets(15), { txn: { success: gets(5) } }] }), {
      code: 'too-large',
    });
    t.is(sizeOfTxn({ success: nested(15, 5) }).operations, 20);
  },
);

const anOp = fc.oneof(
  fc.record({ put: fc.string(), value: fc.nat(500_000).map((size) => Buffer.alloc(size)) }),
  fc.record({ get: fc.string() }),
  fc.record({ txn: fc.record({ success: fc.array(fc.record({ get: fc.string() }), { maxLength: 9 }) }) }),
);

test.serial('batches keep the order and the limits, and only what is too large alone is alone', (t) => {
  fc.assert(
    fc.property(fc.array(anOp, { maxLength: 60 }), fc.integer({ min: 10, max: 40 }), (ops, limit) => {
      const batches = batchesOf([...ops.entries()], limit);
      t.true(batches.flat().every(([, op], index) => op === ops[index]));
      t.is(batches.flat().length, ops.length);
      for (const batch of batches) {
        const size = sizeOfTxn({ success: batch.map(([, op]) => op) });
        t.true(batch.length === 1 || (size.operations <= limit && size.sizeBytes <= 1 << 20));
      }
    }),
    { numRuns: 100 },
  );
});
