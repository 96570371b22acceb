import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'ava';
import type { Client, Lock } from '../../../world/index.js';
import { campaign, leader, lock, observe } from '../../../world/internal.js';
import { Etcd } from '../helpers/etcd.js';
import { startEtcdctl } from '../helpers/etcdctl.js';
import { bench } from '../helpers/fleet.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

async function lost(owned: Lock): Promise<unknown> {
  if (!owned.lost.aborted) await once(owned.lost, 'abort');
  return owned.lost.reason;
}

/** Waits until so many stand in a line. */
async function inLine(client: Client, name: string, count: number): Promise<void> {
  const items = client.watch({ key: `${name}/`, prefix: true });
  for await (const _ of items) {
    if ((await client.list(`${name}/`)).entries.length === count) return;
  }
}

test.serial('leadership passes in the order of asking, to one at a time', async (t) => {
  const { client, direct } = await bench(t, etcd);
  const first = await campaign(client, '/e', 'a');
  const order: string[] = [];
  const others: Promise<void>[] = [];
  for (const value of ['b', 'c', 'd']) {
    others.push(
      campaign(direct, '/e', value).then(async (leadership) => {
        order.push((await leader(client, '/e'))?.value.toString() ?? 'nobody');
        await leadership.close();
      }),
    );
    await inLine(direct, '/e', others.length + 1);
  }
  t.is((await leader(direct, '/e'))?.value.toString(), 'a');
  await first.close();
  await Promise.all(others);
  t.deepEqual(order, ['b', 'c', 'd']);
  t.is(await leader(direct, '/e'), undefined);
});

test.serial('a waiter that gives up, by an abort or a timeout, leaves the queue', async (t) => {
  const { client, direct } = await bench(t, etcd);
  await using held = await lock(client, '/l');
  const reason = new Error('enough');
  const controller = new AbortController();
  const waiting = lock(direct, '/l', { signal: controller.signal });
  await inLine(direct, '/l', 2);
  controller.abort(reason);
  t.is(await waiting.catch((error: unknown) => error), reason);
  await t.throwsAsync(lock(direct, '/l', { timeoutMs: 50 }), { code: 'conflict', message: /held/ });
  await t.throwsAsync(lock(direct, '/l', { signal: AbortSignal.abort(reason) }), { message: 'enough' });
  await inLine(direct, '/l', 1);
  t.false(held.lost.aborted);
});

test.serial(
  'an observer sees no leader, each leader and its proclamations, and ends at an abort',
  async (t) => {
    const { client, direct } = await bench(t, etcd);
    const controller = new AbortController();
    const seen = observe(direct, '/e', { signal: controller.signal });
    const next = async (): Promise<string | undefined> => (await seen.next()).value?.value.toString();
    t.is(await next(), undefined);
    const leadership = await campaign(client, '/e', 'a');
    t.is(await next(), 'a');
    await leadership.proclaim('b');
    t.is(await next(), 'b');
    await Promise.all([leadership.close(), leadership.close()]);
    t.is(await next(), undefined);
    await t.throwsAsync(leadership.proclaim('c'), { code: 'conflict' });
    const waiting = seen.next();
    controller.abort();
    t.true((await waiting).done);
  },
);

test.serial(
  'a holder on a dead link stops before the next one starts, and its writes are refused',
  async (t) => {
    const { client, direct, link } = await bench(t, etcd);
    const owned = await lock(client, '/l', { ttlSeconds: 2 });
    const order: string[] = [];
    const stopped = lost(owned).then(() => order.push('stopped'));
    const next = lock(direct, '/l').then((successor) => {
      order.push('next');
      return successor;
    });
    await inLine(direct, '/l', 2);
    link.blackHole();
    const late = client.txn({ compare: [owned.fence], success: [{ put: '/guarded', value: 'old' }] });
    await stopped;
    const successor = await next;
    t.deepEqual(order, ['stopped', 'next']);
    await direct.txn({ compare: [successor.fence], success: [{ put: '/guarded', value: 'new' }] });
    link.heal();
    t.false((await late).succeeded);
    t.is((await direct.get('/guarded'))?.value.toString(), 'new');
    await successor.close();
  },
);

test.serial('a holder whose key was deleted is told so', async (t) => {
  const { client, direct } = await bench(t, etcd);
  await using owned = await lock(client, '/l');
  await direct.del(owned.key);
  t.like(await lost(owned), { code: 'conflict' });
});

test.serial('leadership in a session of the caller ends before the session does', async (t) => {
  const { client, direct } = await bench(t, etcd);
  const session = await client.session();
  const first = await campaign(client, '/lent', 'a', { session });
  const next = campaign(direct, '/lent', 'b');
  await inLine(direct, '/lent', 2);
  await first.close();
  const second = await next;
  t.false(session.expired.aborted);
  const again = campaign(client, '/lent', 'a again', { session });
  await inLine(direct, '/lent', 2);
  await second.close();
  const third = await again;
  t.is((await leader(direct, '/lent'))?.value.toString(), 'a again');
  await session.close();
  t.is(((await lost(third)) as Error).message, 'The session was closed.');
  t.is(await leader(direct, '/lent'), undefined);
});

test.serial('etcdctl elect and etcdctl lock wait in the same queue', async (t) => {
  const { client, direct, namespace } = await bench(t, etcd);
  for (const [command, ...rest] of [['elect', 'go'], ['lock']] as const) {
    const name = `/${command}`;
    const ours = await campaign(client, name, 'ours');
    const child = await startEtcdctl(etcd, command, `${namespace}${name}`, ...rest);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    await inLine(direct, name, 2);
    t.is((await leader(direct, name))?.value.toString(), 'ours');
    const next = campaign(client, name, 'ours again');
    await inLine(direct, name, 3);
    await ours.close();
    const { value: key } = await lines.next();
    const theirs = await leader(direct, name);
    t.is(key, `${namespace}${theirs?.key}`);
    t.is(theirs?.value.toString(), rest[0] ?? '');
    child.kill('SIGINT');
    await (await next).close();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
});
