import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { EtcdWorld, WorldError } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';

let etcd: Etcd;
let world: EtcdWorld;

test.before(async () => {
  etcd = await Etcd.start();
});
test.after.always(() => etcd?.[Symbol.asyncDispose]());

test.serial.beforeEach((t) => {
  world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'controller', namespace: `/${t.title}` });
});
test.serial.afterEach.always(() => world.close());

/** Sets what hosts say, at once; `alive`: they have an agent. */
async function say(hosts: Readonly<Record<string, 'true' | 'false' | 'alive'>>): Promise<void> {
  const puts = Object.entries(hosts).flatMap(([host, value]) => [
    { put: `/agents/${host}`, value: '{}' },
    ...(value === 'alive' ? [] : [{ put: `/converged/${host}`, value }]),
  ]);
  await world.client.txn({ success: puts });
}

test.serial('every host says whether it has converged; what says neither is left out', async (t) => {
  const pulses = world.convergedWatch()[Symbol.asyncIterator]();
  await pulses.next();
  const pulse = pulses.next();
  await say({ a: 'true', b: 'false' });
  await world.client.set('/converged/c', 'maybe');
  await pulse;
  t.deepEqual(
    await world.converged(),
    new Map([
      ['a', true],
      ['b', false],
    ]),
  );
  await pulses.return?.();
});

/**
 * Disturbs the fleet repeatedly, for longer than a wait of 300 ms needs, and returns how long before the end of the wait
 * the last disturbance was; one that may have come too late does not count.
 */
async function breakWhile(
  converging: Promise<void>,
  breakIt: (round: number) => Promise<unknown>,
): Promise<number> {
  const ended = converging.then(() => performance.now());
  let isOver = false;
  void ended.then(() => (isOver = true));
  let last = performance.now();
  for (let round = 0; round < 12; round += 1) {
    const since = performance.now();
    await breakIt(round);
    await delay(40);
    if (isOver) break;
    last = since;
  }
  return (await ended) - last;
}

test.serial('it waits for every agent that lives, and counts from its last word on', async (t) => {
  await say({ a: 'true', b: 'false' });
  await world.client.set('/converged/dead', 'false');
  const converging = world.waitConverged({ quietMs: 300 });
  const sinceMs = await breakWhile(converging, (round) =>
    world.client.set('/converged/b', round < 11 ? 'false' : 'true'),
  );
  t.true(sinceMs >= 300);
});

test.serial('a rest that was broken counts afresh, even when nobody saw it broken', async (t) => {
  await say({ a: 'true', b: 'true' });
  const converging = world.waitConverged({ quietMs: 300 });
  const sinceMs = await breakWhile(converging, () => world.client.set('/converged/b', 'true'));
  t.true(sinceMs >= 300);
});

test.serial('of some hosts only these count, whatever the others do', async (t) => {
  await say({ a: 'true', b: 'false' });
  let disturbances = 0;
  const disturbing = (async () => {
    for (; disturbances < 1_000; disturbances += 1) {
      await say({ b: 'false' });
      await delay(20);
    }
  })();
  await world.waitConverged({ quietMs: 200, hosts: ['a'] });
  t.true(disturbances < 1_000);
  disturbances = 1_000;
  await disturbing;
  const none = world.waitConverged({ quietMs: 10, hosts: ['z'], timeoutMs: 1_000 });
  await t.throwsAsync(none, { code: 'not-converged', message: /no agent is running/ });
});

test.serial('an agent that comes or goes starts the count afresh', async (t) => {
  await say({ a: 'true' });
  const converging = world.waitConverged({ quietMs: 300 });
  const sinceMs = await breakWhile(converging, (round) =>
    round % 2 === 0 ? say({ b: 'true' }) : world.client.txn({ success: [{ delete: '/agents/b' }] }),
  );
  t.true(sinceMs >= 300);
});

test.serial('after the time given it says what keeps each host', async (t) => {
  await say({ a: 'true', b: 'false', c: 'alive' });
  const error = await t.throwsAsync(world.waitConverged({ quietMs: 10, timeoutMs: 2_000 }), {
    instanceOf: WorldError,
    code: 'not-converged',
    message: 'The fleet did not converge within 2 s: b has not converged, c has not said whether it has.',
  });
  t.deepEqual(error.hosts, { b: 'not-converged', c: 'silent' });
});

test.serial('a fleet without agents has not converged', async (t) => {
  await world.client.set('/converged/a', 'true');
  await t.throwsAsync(world.waitConverged({ quietMs: 10, timeoutMs: 2_000 }), {
    code: 'not-converged',
    message: /no agent is running/,
  });
});

test.serial('aborting rejects with the reason', async (t) => {
  await say({ a: 'true' });
  const over = new AbortController();
  const converging = world.waitConverged({ quietMs: 60_000, signal: over.signal });
  await world.convergedWatch()[Symbol.asyncIterator]().next();
  over.abort(new Error('enough'));
  await t.throwsAsync(converging, { message: 'enough' });
});

test.serial('an outage is waited out; one from the start is an error', async (t) => {
  await say({ a: 'true' });
  const converging = world.waitConverged({ quietMs: 400 });
  await world.convergedWatch()[Symbol.asyncIterator]().next();
  await etcd.kill();
  await t.throwsAsync(world.waitConverged({ quietMs: 10, answerTimeoutMs: 100 }), {
    code: 'unavailable',
  });
  await etcd.restart();
  await t.notThrowsAsync(converging);
});
