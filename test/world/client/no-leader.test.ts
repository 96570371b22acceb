import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { Client, type Log, WorldError } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { take, takeKeys } from '../helpers/fleet.js';

let etcds: readonly Etcd[];

test.before(async () => {
  etcds = await Etcd.cluster(3);
});

test.afterEach.always(async () => {
  for (const etcd of etcds) etcd.thaw();
  await using client = Client.create({ endpoints: etcds.map((etcd) => etcd.url) });
  // An election may be under way.
  await client.set('/calm', '');
});

test.after.always(() => Promise.all(etcds.map((etcd) => etcd[Symbol.asyncDispose]())));

function three(): readonly [Etcd, Etcd, Etcd] {
  const [m1, m2, m3] = etcds;
  if (m1 === undefined || m2 === undefined || m3 === undefined) throw new Error('the cluster does not run');
  return [m1, m2, m3];
}

/** A log, and a promise of the first message that says this. */
function hears(words: RegExp): { readonly log: Log; readonly heard: Promise<string> } {
  let settle: (message: string) => void;
  const heard = new Promise<string>((resolve) => {
    settle = resolve;
  });
  return { log: (_, message) => words.test(message) && settle(message), heard };
}

/** Polls a member until it follows a leader that is not this one. */
async function untilOtherLeads(client: Client, { url }: Etcd, memberId: string): Promise<void> {
  for (;;) {
    const { leader } = await client.cluster.status(url);
    if (leader !== '0' && leader !== memberId) return;
    await delay(20);
  }
}

test.serial('a watch leaves a server that has lost its leader, and goes on at another', async (t) => {
  const [m1, m2, m3] = three();
  const { log, heard } = hears(/Lost the stream.*has no leader/);
  await using client = Client.create({ endpoints: [m1.url, m2.url, m3.url], log });
  await using others = Client.create({ endpoints: [m2.url, m3.url] });
  const watch = client.watch({ key: '/w/', prefix: true });
  await take(watch);
  await client.set('/w/1', '');
  for (const etcd of [m2, m3]) etcd.freeze();
  t.regex(await heard, new RegExp(`at ${m1.url}`));
  const { memberId } = await client.cluster.status(m1.url);
  m1.freeze();
  for (const etcd of [m2, m3]) etcd.thaw();
  await untilOtherLeads(others, m2, memberId);
  await others.set('/w/2', '');
  t.deepEqual(await takeKeys(watch, 2), ['/w/1', '/w/2']);
  await watch.return?.();
});

test.serial('with one endpoint a watch waits for its leader to come back, and misses nothing', async (t) => {
  const [m1, m2, m3] = three();
  const { log, heard } = hears(/Lost the stream.*has no leader/);
  await using client = Client.create({ endpoints: [m1.url], log });
  await using others = Client.create({ endpoints: [m2.url, m3.url] });
  const watch = client.watch({ key: '/w/', prefix: true });
  await take(watch);
  for (const etcd of [m2, m3]) etcd.freeze();
  await heard;
  for (const etcd of [m2, m3]) etcd.thaw();
  for (const key of ['/w/1', '/w/2', '/w/3']) await others.set(key, '');
  t.deepEqual(await takeKeys(watch, 3), ['/w/1', '/w/2', '/w/3']);
  await watch.return?.();
});

test.serial('a server without a leader refuses at once, and its status tells', async (t) => {
  const [m1, m2, m3] = three();
  const { log, heard } = hears(/Lost the stream.*has no leader/);
  await using client = Client.create({ endpoints: [m1.url], log });
  const watch = client.watch({ key: '/w/', prefix: true });
  await take(watch);
  for (const etcd of [m2, m3]) etcd.freeze();
  await heard;
  await watch.return?.();
  const told = {
    instanceOf: WorldError,
    code: 'unavailable',
    message: /more than half of the etcd servers must run/,
  };
  // Each is tried until its time is over, and the last answer counts: it has to come before that on a busy machine.
  const timeoutMs = 5_000;
  await Promise.all([
    t.throwsAsync(client.get('/k', { timeoutMs }), told),
    // Certainly not written: the outcome would be unknown if the server had taken it.
    t.throwsAsync(client.txn({ success: [{ put: '/k', value: '' }] }, { timeoutMs }), told),
    t.throwsAsync(client.cluster.members({ timeoutMs }), told),
  ]);
  t.is((await client.cluster.members({ serializable: true })).length, 3);
  t.is((await client.cluster.status(m1.url)).leader, '0');
});

test.serial('a call moves on from a server that has lost its leader', async (t) => {
  const [m1, m2, m3] = three();
  const { log, heard } = hears(/Lost the stream.*has no leader/);
  await using watching = Client.create({ endpoints: [m1.url], log });
  const watch = watching.watch({ key: '/w/', prefix: true });
  await take(watch);
  for (const etcd of [m2, m3]) etcd.freeze();
  await heard;
  await watch.return?.();
  const moves = hears(new RegExp(`Trying again to write /k: ${m1.url} answered .*no leader`));
  await using client = Client.create({ endpoints: [m1.url, m2.url, m3.url], log: moves.log });
  const written = client.txn({ success: [{ put: '/k', value: 'x' }] });
  written.catch(() => undefined);
  await using setting = Client.create({ endpoints: [m1.url, m2.url], log: moves.log });
  const set = setting.set('/k', 'y');
  set.catch(() => undefined);
  await moves.heard;
  for (const etcd of [m2, m3]) etcd.thaw();
  await Promise.all([set, written]);
  t.not(await client.get('/k'), undefined);
});
