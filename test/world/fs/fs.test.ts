import assert from 'node:assert/strict';
import * as real from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { EtcdWorld, memoryFs, type WorldFs } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { Actor, treeOf } from './helpers/oracle.js';
import { type Step, step } from './helpers/steps.js';

let etcd: Etcd;
let made = 0;

test.before(async () => {
  process.umask(0o022);
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

/** A World with a namespace of its own. */
function open(t: ExecutionContext, namespace = `/fs${++made}`): EtcdWorld {
  const world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'h1', namespace });
  t.teardown(() => world.close());
  return world;
}

async function agrees(steps: readonly Step[], ours: WorldFs): Promise<void> {
  const root = await mkdtemp(path.join(tmpdir(), 'hawser-fs-'));
  const [mine, theirs] = [new Actor(ours, ''), new Actor(real, root)];
  try {
    for (const one of steps)
      assert.deepEqual(await mine.perform(one), await theirs.perform(one), JSON.stringify(one));
    assert.deepEqual(await treeOf(ours, ''), await treeOf(real, root));
    await mine.close();
    await theirs.close();
    assert.deepEqual(await treeOf(ours, ''), await treeOf(real, root));
  } finally {
    await theirs.close();
    await rm(root, { recursive: true, force: true });
  }
}

const steps = fc.array(step, { minLength: 1, maxLength: 30 });

/** What random steps hit once in thousands of times. */
const rare: [Step[]][] = [
  [
    [
      { op: 'mkdir', path: 'c', recursive: false, force: false },
      { op: 'rm', path: 'c/', recursive: true, force: false },
    ],
  ],
];

test.serial('in memory it does what fs/promises does, step by step', async (t) => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => agrees(list, memoryFs())),
    { numRuns: Number(process.env['RUNS'] ?? 100), examples: rare },
  );
  t.pass();
});

test.serial('in etcd it does what fs/promises does, step by step', async (t) => {
  const world = open(t);
  await fc.assert(
    fc.asyncProperty(steps, async (list) => agrees(list, world.fs(`etcdfs:///fs/oracle${++made}`))),
    { numRuns: Number(process.env['RUNS'] ?? 25) },
  );
  t.pass();
});
