import test from 'ava';
import { Client, type EtcdUser, WorldError } from '../../../world/index.js';
import { Authority } from '../helpers/authority.js';
import { Etcd } from '../helpers/etcd.js';
import { ann, root, switchOn } from '../helpers/etcd-users.js';
import { etcdctl } from '../helpers/etcdctl.js';
import { take, takeKeys } from '../helpers/fleet.js';

async function failure(attempt: Promise<unknown>): Promise<WorldError> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof WorldError) return error;
    throw error;
  }
  throw new Error('it was permitted');
}

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
  await switchOn(etcd);
});

test.after.always(() => etcd[Symbol.asyncDispose]());

function connect(user?: EtcdUser): Client {
  return Client.create({ endpoints: [etcd.url], user });
}

test.serial(
  'a user does what it may, and everything goes on when etcd has forgotten its token',
  async (t) => {
    let asked = 0;
    const password = async (): Promise<string> => {
      asked += 1;
      return String(ann.password);
    };
    await using client = connect({ name: 'ann', password });
    await using session = await client.session();
    const items = client.watch({ key: '/mine/', prefix: true });
    t.is((await take(items)).kind, 'ready');
    await Promise.all([1, 2, 3].map((n) => client.set(`/mine/${n}`, 'x', { lease: session.lease })));
    t.deepEqual((await takeKeys(items, 3)).sort(), ['/mine/1', '/mine/2', '/mine/3']);
    // Its tokens are in memory only.
    await etcd.kill();
    await etcd.restart();
    await client.set('/mine/4', 'x');
    t.deepEqual(await takeKeys(items, 1), ['/mine/4']);
    t.true((await client.txn({ success: [{ put: '/mine/5', value: 'x' }] })).succeeded);
    t.deepEqual(await takeKeys(items, 1), ['/mine/5']);
    const later = client.watch({ key: '/mine/6' });
    t.is((await take(later)).kind, 'ready');
    t.false(session.expired.aborted);
    t.is(asked, 1, 'the password is asked for once');
    await Promise.all([items.return?.(), later.return?.()]);
  },
);

test.serial(
  'a watch on an open stream gets a new token when the old one is no longer accepted',
  async (t) => {
    await using client = connect(ann);
    const first = client.watch({ key: '/mine/first' });
    t.is((await take(first)).kind, 'ready');
    // Whatever changes the users makes etcd refuse the tokens that it gave before.
    await etcdctl(etcd, '--user', `root:${root.password}`, 'role', 'add', `made-${Date.now()}`);
    const second = client.watch({ key: '/mine/second' });
    t.is((await take(second)).kind, 'ready');
    await client.set('/mine/first', 'x');
    await client.set('/mine/second', 'x');
    t.deepEqual(await takeKeys(first, 1), ['/mine/first']);
    t.deepEqual(await takeKeys(second, 1), ['/mine/second']);
    await Promise.all([first.return?.(), second.return?.()]);
  },
);

test.serial('a watch alone gets a new token, too, when etcd has forgotten the old one', async (t) => {
  await using client = connect(ann);
  const items = client.watch({ key: '/mine/alone' });
  t.is((await take(items)).kind, 'ready');
  await etcd.kill();
  await etcd.restart();
  await using writer = connect(ann);
  const taken = takeKeys(items, 1);
  await writer.set('/mine/alone', 'x');
  t.deepEqual(await taken, ['/mine/alone']);
  await items.return?.();
});

test.serial(
  'who has no user, the wrong password or too few rights is told which of them it is',
  async (t) => {
    await using nobody = connect();
    const unknown = await failure(nobody.get('/mine/1'));
    t.is(unknown.code, 'permission-denied');
    t.regex(unknown.message, /this client has no user: pass one \(--user\)/);

    await using wrong = connect({ name: 'ann', password: 'guessed' });
    const refused = await failure(wrong.set('/mine/1', 'x'));
    t.is(refused.code, 'permission-denied');
    t.regex(refused.message, /etcd rejects this name and password of the user ann/);
    t.notRegex(refused.message, /guessed/);

    await using client = connect(ann);
    for (const attempt of [client.get('/theirs/1'), client.set('/theirs/1', 'x'), client.del('/theirs/1')]) {
      const denied = await failure(attempt);
      t.is(denied.code, 'permission-denied');
      t.regex(denied.message, /The etcd user ann lacks this permission: .*role grant-permission/);
    }
    const whole = await failure(client.cluster.defragment({ timeoutMs: 20_000 }));
    t.is(whole.code, 'permission-denied');
    t.regex(whole.message, /needs an etcd user with the role root, which ann lacks/);
    const watching = client.watch({ key: '/theirs/', prefix: true });
    t.is((await failure(watching.next())).code, 'permission-denied');
    const mine = client.watch({ key: '/mine/', prefix: true });
    t.is((await take(mine)).kind, 'ready', 'the other watches go on');
    await mine.return?.();
  },
);

test.serial('root takes snapshots and lists the members', async (t) => {
  await using client = connect(root);
  t.is((await client.cluster.members()).length, 1);
  let size = 0;
  for await (const piece of client.snapshot()) size += piece.length;
  t.true(size > 0);
});

test.serial('a user does no harm at an etcd without authentication', async (t) => {
  await using open = await Etcd.start();
  await using client = Client.create({ endpoints: [open.url], user: ann });
  await client.set('/k', 'x');
  t.is((await client.get('/k'))?.value.toString(), 'x');
});

test.serial(
  'a certificate stands for the user of its common name, and what that user lacks is said',
  async (t) => {
    await using authority = await Authority.create();
    const { caFile } = authority;
    const { certFile, keyFile } = await authority.issue(['IP:127.0.0.1', 'DNS:localhost']);
    const files = ['--cert-file', certFile, '--key-file', keyFile];
    const secure = await Etcd.startSecure([...files, '--client-cert-auth', '--trusted-ca-file', caFile]);
    await using client = Client.create({ endpoints: [secure.url], tls: { caFile, certFile, keyFile } });
    try {
      const secured = ['--cacert', caFile, '--cert', certFile, '--key', keyFile];
      await etcdctl(secure, ...secured, 'user', 'add', 'issued', '--no-password');
      await switchOn(secure, ...secured);
      const admin = [...secured, '--user', `root:${root.password}`];
      const denied = await failure(client.get('/mine/1'));
      t.is(denied.code, 'permission-denied');
      t.regex(
        denied.message,
        /common name of the certificate .*\.pem as the user, which lacks this permission/,
      );
      await etcdctl(secure, ...admin, 'user', 'grant-role', 'issued', 'mine');
      await client.set('/mine/1', 'x');
      t.is((await client.get('/mine/1'))?.value.toString(), 'x');
    } finally {
      await secure[Symbol.asyncDispose]();
    }
  },
);
