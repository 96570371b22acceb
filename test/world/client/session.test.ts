import { once } from 'node:events';
import test from 'ava';
import { Client, type Session } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { bench, take, takeKeys } from '../helpers/fleet.js';
import { Link } from '../helpers/link.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

async function lost(session: Session): Promise<unknown> {
  if (!session.expired.aborted) await once(session.expired, 'abort');
  return session.expired.reason;
}

test.serial(
  'what is bound to a session goes when it is closed, and closing twice is closing once',
  async (t) => {
    const { client, direct } = await bench(t, etcd);
    const session = await client.session({ ttlSeconds: 60 });
    await client.set('/bound', 'x', { lease: session.lease });
    t.is((await direct.get('/bound'))?.lease, session.lease);
    await Promise.all([session.close(), session.close()]);
    t.is(await direct.get('/bound'), undefined);
    t.like(session.expired.reason, { code: 'closed' });
  },
);

test.serial('closing the client waits for a session that is closing', async (t) => {
  const { client, direct } = await bench(t, etcd);
  const session = await client.session({ ttlSeconds: 60 });
  await client.set('/bound', 'x', { lease: session.lease });
  const closing = session.close();
  await client.close();
  t.is(await direct.get('/bound'), undefined);
  await closing;
});

test.serial('closing the client revokes its sessions', async (t) => {
  const { client, direct } = await bench(t, etcd);
  const session = await client.session({ ttlSeconds: 60 });
  await client.set('/bound', 'x', { lease: session.lease });
  await client.close();
  t.is(await direct.get('/bound'), undefined);
  await t.throwsAsync(client.session(), { code: 'closed' });
});

test.serial('a session lives on through cuts of the link, beyond its TTL', async (t) => {
  const { client, direct, link } = await bench(t, etcd);
  const session = await client.session({ ttlSeconds: 2 });
  await client.set('/bound', 'x', { lease: session.lease });
  const end = performance.now() + 2.5 * session.ttlSeconds * 1000;
  const watch = direct.watch({ key: '/tick' });
  await take(watch);
  while (performance.now() < end) {
    link.cut();
    await direct.set('/tick', '');
    await takeKeys(watch, 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  t.false(session.expired.aborted);
  t.not(await direct.get('/bound'), undefined);
  await watch.return?.();
});

test.serial(
  'on a link that is dead without saying so a session is given up before etcd lets the key go',
  async (t) => {
    const { client, direct, link } = await bench(t, etcd);
    const session = await client.session({ ttlSeconds: 3 });
    await client.set('/bound', 'x', { lease: session.lease });
    const watch = direct.watch({ key: '/bound' });
    await take(watch);
    link.blackHole();
    t.like(await lost(session), { code: 'unavailable' });
    t.not(await direct.get('/bound'), undefined);
    const gone = await take(watch);
    t.is(gone.kind === 'events' ? gone.events[0]?.type : gone.kind, 'delete');
    await watch.return?.();
  },
);

test.serial('a session finds the endpoint that still answers among several that do not', async (t) => {
  await using first = await Link.to(etcd.port);
  await using second = await Link.to(etcd.port);
  await using client = Client.create({ endpoints: [first.url, second.url, etcd.url] });
  await using direct = Client.create({ endpoints: [etcd.url] });
  await using session = await client.session({ ttlSeconds: 4 });
  await client.set('/bound/several', 'x', { lease: session.lease });
  for (const link of [first, second]) link.blackHole();
  const expired = lost(session);
  await Promise.race([expired, new Promise((resolve) => setTimeout(resolve, 3800))]);
  t.false(session.expired.aborted);
  t.is((await direct.get('/bound/several'))?.lease, session.lease);
});

test.serial('a session whose lease was revoked is lost at its next renewal', async (t) => {
  const { client, direct } = await bench(t, etcd);
  const session = await client.session({ ttlSeconds: 2 });
  await client.set('/bound', 'x', { lease: session.lease });
  const { etcdctl } = await import('../helpers/etcdctl.js');
  await etcdctl(etcd, 'lease', 'revoke', BigInt(session.lease).toString(16));
  t.like(await lost(session), { code: 'unavailable' });
  t.is(await direct.get('/bound'), undefined);
});

test.serial('closing a session on a dead link does not wait for it', async (t) => {
  const { client, link } = await bench(t, etcd);
  const session = await client.session({ ttlSeconds: 60 });
  link.blackHole();
  await t.notThrowsAsync(session.close());
});

test.serial(
  'a session that ended while etcd was out of reach leaves nothing once the next one opens',
  async (t) => {
    const { client, direct, link } = await bench(t, etcd);
    const session = await client.session({ ttlSeconds: 60 });
    await client.set('/bound', 'x', { lease: session.lease });
    const watch = direct.watch({ key: '/bound' });
    await take(watch);
    link.down();
    await session.close();
    t.not(await direct.get('/bound'), undefined);
    link.up();
    await using next = await client.session({ ttlSeconds: 60 });
    t.not(next.lease, session.lease);
    const gone = await take(watch);
    t.is(gone.kind === 'events' ? gone.events[0]?.type : gone.kind, 'delete');
    await watch.return?.();
  },
);
