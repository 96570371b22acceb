import test from 'ava';
import fc from 'fast-check';
import { Client, EtcdWorld } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

type Step =
  | { readonly kind: 'add'; readonly hash: boolean }
  | { readonly kind: 'prune'; readonly keep: number }
  | { readonly kind: 'foreign'; readonly key: string }
  | { readonly kind: 'copy' };

/** What a log cannot have come to, and other ways to write a number. */
const impossibleIds = [
  ...['999999999999999', '999999999', '2147483647', '4294967296', '9007199254740993', '1e3', '1'.repeat(400)],
  ...['00005', '+5', '-5', '5 ', ' 5', '0x5', '5.0', '٥', '0', ''],
] as const;

/** What may happen to a log, in any order. */
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: fc.record({ kind: fc.constant('add' as const), hash: fc.boolean() }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('prune' as const), keep: fc.integer({ min: 1, max: 12 }) }),
    },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('foreign' as const), key: foreignKey() }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'copy' as const }) },
  ),
  { maxLength: 30, size: 'max' },
);

function foreignKey(): fc.Arbitrary<string> {
  const id = fc.integer({ min: 1, max: 99 });
  return fc.oneof(
    id.map((n) => `/deploy/${n}/other`),
    id.map((n) => `/deploy/0${n}/payload`),
    id.map((n) => `/deploy/${n}`),
    fc.constantFrom(...impossibleIds).map((text) => `/deploy/${text}/payload`),
    fc.string({ maxLength: 5 }).map((text) => `/deploy/x${text}`),
  );
}

/** Writes all keys anew in the order of their names, as copying a cluster does. */
async function copy(client: Client): Promise<void> {
  const { entries } = await client.list('/deploy/');
  await client.delPrefix('/deploy/');
  for (const { key, value } of entries) await client.set(key, value);
}

test.serial('the newest deploy is the one that reading the whole log finds', async (t) => {
  let run = 0;
  const property = fc.asyncProperty(steps, async (log) => {
    run += 1;
    const client = Client.create({ endpoints: [etcd.url], namespace: `/newest${run}` });
    await using world = new EtcdWorld(client, 'h1');
    let newest = 0;
    for (const step of log) {
      if (step.kind === 'add') {
        newest += 1;
        await world.addDeploy(newest, step.hash ? `hash ${newest}` : '', '', `payload ${newest}`);
      }
      if (step.kind === 'prune') await world.pruneDeploys(step.keep);
      if (step.kind === 'foreign') await client.set(step.key, '?');
      if (step.kind === 'copy') await copy(client);
    }
    t.is(await world.getMaxDeployId(), Math.max(0, ...(await world.getDeploys()).keys()));
    t.is(await world.getMaxDeployId(), newest);
  });
  const add = { kind: 'add', hash: true } as const;
  const beside = Array.from({ length: 8 }, (_, n) => ({ kind: 'foreign', key: `/deploy/x${n}` }) as const);
  const examples: [Step[]][] = [
    [[...Array.from({ length: 12 }, () => add), { kind: 'copy' }]],
    [[add, add, { kind: 'prune', keep: 1 }, ...beside]],
  ];
  await fc.assert(property, { numRuns: 30, examples });
});

test.serial('finding the newest of many deploys moves no more bytes than of a few', async (t) => {
  await using client = Client.create({ endpoints: [etcd.url], namespace: '/many' });
  await using world = new EtcdWorld(client, 'h1');
  for (let from = 1; from <= 3000; from += 100) {
    const ids = Array.from({ length: 100 }, (_, index) => from + index);
    const puts = ids.map((id) => ({ put: `/deploy/${id}/payload`, value: 'x'.repeat(100) }));
    await client.txn({ success: puts }, { repeatable: true });
  }
  await world.addDeploy(3001, '', '', 'the newest');
  const listed: number[] = [];
  const list = client.list.bind(client);
  client.list = async (prefix, options) => {
    const listing = await list(prefix, options);
    listed.push(listing.entries.length);
    return listing;
  };
  t.is(await world.getMaxDeployId(), 3001);
  t.deepEqual(listed, [8]);
});

test.serial(
  'a key with an id that no deploy can have stops nobody from deploying, and is named',
  async (t) => {
    await using client = Client.create({ endpoints: [etcd.url], namespace: '/impossible' });
    const said: string[] = [];
    await using world = new EtcdWorld(client, 'h1', (level, message) => {
      if (level === 'warn') said.push(message);
    });
    for (let id = 1; id <= 4; id += 1) await world.addDeploy(id, '', '', `payload ${id}`);
    for (const id of impossibleIds) {
      await client.set(`/deploy/${id}/payload`, '?');
      await client.set(`/deploy/${id}/hash`, '?');
    }
    t.is(await world.getMaxDeployId(), 4);
    await world.addDeploy(5, 'hash 5', '', 'payload 5');
    t.is(await world.getMaxDeployId(), 5);
    t.deepEqual([...(await world.getDeploys()).keys()], [1, 2, 3, 4, 5]);
    for (const id of impossibleIds)
      t.true(
        said.some((line) => line.includes(`/deploy/${id}/payload:`)),
        id,
      );
    t.is(await world.pruneDeploys(2), 3);
    t.is(await world.getMaxDeployId(), 5);
    await world.addDeploy(6, '', '', 'payload 6');
    await t.throwsAsync(world.addDeploy(999_999_999_999_999, '', '', '?'), { code: 'invalid' });
  },
);
