import { once } from 'node:events';
import test from 'ava';
import { EtcdWorld, WorldError } from '../../world/index.js';
import { Etcd } from './helpers/etcd.js';

let etcd: Etcd;
let first: EtcdWorld;
let second: EtcdWorld;

test.before(async () => {
  etcd = await Etcd.start();
});
test.after.always(() => etcd?.[Symbol.asyncDispose]());
test.serial.beforeEach(() => {
  first = EtcdWorld.create({ seeds: [etcd.url], hostname: 'h1' });
  second = EtcdWorld.create({ seeds: [etcd.url], hostname: 'h2' });
});
test.serial.afterEach.always(() => Promise.all([first.close(), second.close()]));

test.serial('a lock has one holder at a time, and its key lies below /hawser/', async (t) => {
  const held = await first.lock('backup');
  t.regex(held.key, /^\/hawser\/locks\/backup\/[0-9a-f]+$/);
  await t.throwsAsync(second.lock('backup', { timeoutMs: 100 }), {
    instanceOf: WorldError,
    code: 'conflict',
  });
  await using _ = await second.lock('other');
  await held.close();
  await using next = await second.lock('backup');
  t.not(next.key, held.key);
});

test.serial('an election is led under the name of the host, and its followers see each leader', async (t) => {
  const leaders = second.leaderFollow('chief')[Symbol.asyncIterator]();
  t.is((await leaders.next()).value, undefined);
  const leadership = await first.campaign('chief');
  t.regex(leadership.key, /^\/hawser\/elections\/chief\//);
  t.is((await leaders.next()).value, 'h1');
  t.is(await second.leader('chief'), 'h1');
  const waiting = second.campaign('chief', { value: 'the second' });
  await leadership.close();
  await using later = await waiting;
  t.is((await leaders.next()).value, 'the second');
  await leaders.return?.();
  await second.client.del(later.key);
  if (!later.lost.aborted) await once(later.lost, 'abort');
  t.is(await first.leader('chief'), undefined);
});

test.serial('a follower that waits for a leader can be left', async (t) => {
  const leaders = first.leaderFollow('nobody')[Symbol.asyncIterator]();
  await leaders.next();
  const waiting = leaders.next();
  await leaders.return?.();
  t.true((await waiting).done);
});

test.serial('a name that would be a part of another queue is refused', async (t) => {
  const invalid = { instanceOf: WorldError, code: 'invalid' };
  for (const name of ['', 'a/b', '/']) {
    await t.throwsAsync(first.lock(name), invalid);
    await t.throwsAsync(first.campaign(name), invalid);
    await t.throwsAsync(first.leader(name), invalid);
    t.throws(() => first.leaderFollow(name), invalid);
  }
});
