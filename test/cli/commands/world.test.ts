import test from 'ava';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { hawser } from '../helpers/hawser.js';

let fleet: DirectEtcd;

test.before(async () => {
  fleet = await DirectEtcd.start();
});
test.after.always(() => fleet?.[Symbol.asyncDispose]());

test.serial('a string is followed through being set, emptied and removed', async (t) => {
  await using world = fleet.world('other');
  const motd = fleet.follow(t, ['str', 'watch', 'motd']);
  t.deepEqual(await motd.next(), { key: 'motd', value: null });
  await world.strSet('motd', 'hello');
  t.deepEqual(await motd.next(), { key: 'motd', value: 'hello' });
  await world.strSet('motd', '');
  t.deepEqual(await motd.next(), { key: 'motd', value: '' });
  await world.strDel('motd');
  t.deepEqual(await motd.next(), { key: 'motd', value: null });
  t.is(await motd.interrupt(), 130);
});

test.serial('a string keeps every byte of text that came from standard input', async (t) => {
  const input = '\ufeff\0 größer\r\n\n';
  await fleet.run(['str', 'set', 'bytes', '-'], { input });
  t.deepEqual(await fleet.json(['str', 'get', 'bytes']), { key: 'bytes', value: input });
});

test.serial('a map is followed as its hosts come and go', async (t) => {
  await using first = fleet.world('a');
  await using second = fleet.world('b');
  const map = fleet.follow(t, ['map', 'watch', 'kernel']);
  t.deepEqual(await map.next(), {});
  await first.strMapSet('kernel', '6.1');
  t.deepEqual(await map.next(), { a: '6.1' });
  await second.strMapSet('kernel', '6.12');
  t.deepEqual(await map.next(), { a: '6.1', b: '6.12' });
  await first.strMapDel('kernel');
  t.deepEqual(await map.next(), { b: '6.12' });
  t.is(await map.interrupt(), 130);
});

test.serial('a watch of a fleet that does not answer is an error within the time allowed', async (t) => {
  const nobody = ['--seeds', 'http://127.0.0.1:1', '--timeout', '300ms'];
  for (const command of ['str', 'map']) {
    const { code, stdout, stderr } = await hawser([command, 'watch', 'motd', ...nobody]);
    t.is(code, 3);
    t.is(stdout, '');
    t.regex(stderr, /127\.0\.0\.1:1/);
  }
});

test.serial('standard input that is no text is refused, and nothing is stored', async (t) => {
  const input = Buffer.from([0x68, 0xff, 0xfe]);
  const refused = await fleet.run(['str', 'set', 'binary', '-'], { input });
  t.is(refused.code, 2);
  t.regex(refused.stderr, /not valid UTF-8.*base64/);
  t.is((await fleet.run(['str', 'get', 'binary'])).code, 1);
});

test.serial('a resource is exported, collected by whom it is for, and taken back', async (t) => {
  const motd = ['file', '/etc/motd', 'hello', '--hostname', 'a'];
  t.deepEqual(await fleet.json(['res', 'export', ...motd]), { resources: 1, changed: true });
  t.deepEqual(await fleet.json(['res', 'export', ...motd]), { resources: 1, changed: false });
  const target = ['--host', 'c', '--hostname', 'a'];
  await fleet.run(['res', 'export', 'svc', 'ntp', '-', ...target], { input: 'x\n' });
  await using other = fleet.world('b');
  const shared = { kind: 'file', name: '/etc/motd', host: 'a', data: 'hello' };
  t.deepEqual(await other.resCollect([{}]), [shared]);
  const ntp = { kind: 'svc', name: 'ntp', host: 'a', data: 'x\n' };
  t.deepEqual(await fleet.json(['res', 'collect', '--hostname', 'c', '--kind', 'svc']), [ntp]);
  t.deepEqual(await fleet.json(['res', 'collect', '--hostname', 'c', '--host', 'other']), []);
  t.regex((await fleet.run(['res', 'collect', '--hostname', 'c'])).stdout, /svc\s+ntp\s+a\s+x\\n$/m);
  const deleted = await fleet.run(['res', 'delete', 'svc', 'ntp', ...target]);
  t.is(deleted.stdout, 'Deleted 1 resource.\n');
});

test.serial(
  'a file of resources is exported and taken back as one, and a watch of their kind follows',
  async (t) => {
    const list = [
      { kind: 'user', name: 'ann', data: '1' },
      { kind: 'user', name: 'bob', host: 'd', data: '2' },
    ];
    const input = JSON.stringify(list);
    const users = fleet.follow(t, ['res', 'collect', '--watch', '--kind', 'user', '--hostname', 'd']);
    t.deepEqual(await users.next(), []);
    t.deepEqual(await fleet.json(['res', 'export', '--file', '-', '--hostname', 'e'], { input }), {
      resources: 2,
      changed: true,
    });
    t.deepEqual(await users.next(), [
      { kind: 'user', name: 'bob', host: 'e', data: '2' },
      { kind: 'user', name: 'ann', host: 'e', data: '1' },
    ]);
    t.is((await fleet.run(['res', 'delete', '--file', '-', '--hostname', 'e'], { input })).code, 0);
    t.deepEqual(await users.next(), []);
    t.is(await users.interrupt(), 130);
  },
);

test.serial('an export with a TTL goes by itself', async (t) => {
  const leased = fleet.follow(t, ['res', 'collect', '--watch', '--kind', 'short']);
  t.deepEqual(await leased.next(), []);
  await fleet.run(['res', 'export', 'short', 'lived', 'x', '--ttl', '1s', '--hostname', 'a']);
  t.deepEqual(await leased.next(), [{ kind: 'short', name: 'lived', host: 'a', data: 'x' }]);
  t.deepEqual(await leased.next(), []);
  t.is(await leased.interrupt(), 130);
});

test.serial('members are listed, and a watch of them lists them at once', async (t) => {
  const [member] = (await fleet.json(['members'])) as { name: string; clientUrls: string[] }[];
  t.is(member?.name, 'm1');
  t.deepEqual(member?.clientUrls, [fleet.etcd.url]);
  const members = fleet.follow(t, ['members', '--watch']);
  t.deepEqual(await members.next(), [member]);
  t.is(await members.interrupt(), 130);
});

test.serial(
  'the size is followed as it is set; not emptied unasked and not set while it is watched',
  async (t) => {
    const size = fleet.follow(t, ['size', '--watch']);
    t.is(await size.next(), 5);
    t.is((await fleet.run(['size', '3'])).stdout, '3\n');
    t.is(await size.next(), 3);
    t.is(await size.interrupt(), 130);
    const drained = await fleet.run(['size', '0']);
    t.is(drained.code, 2);
    t.regex(drained.stderr, /drains the etcd cluster/);
    t.is((await fleet.run(['size', '4', '--watch'])).code, 2);
  },
);

test.serial('endpoints are what the hosts advertise', async (t) => {
  t.regex((await fleet.run(['endpoints'])).stdout, /no host advertises/);
  await using world = fleet.world('web1');
  await world.client.set('/endpoints/web1', 'http://10.0.0.1:2379,http://127.0.0.1:2379');
  t.deepEqual(await fleet.json(['endpoints']), {
    local: [fleet.etcd.url],
    advertised: { web1: ['http://10.0.0.1:2379', 'http://127.0.0.1:2379'] },
  });
});

test.serial('old deploys are pruned', async (t) => {
  await using world = fleet.world('ci');
  for (let id = 1; id <= 3; id += 1) await world.addDeploy(id, '', '', 'payload');
  t.deepEqual(await fleet.json(['deploys', 'prune', '--keep', '1']), { pruned: 2 });
  t.deepEqual([...(await world.getDeploys()).keys()], [3]);
});

test.serial('status tells who has come to rest, and can wait until the whole fleet has', async (t) => {
  await using world = fleet.world('other');
  const agent = JSON.stringify({ hostname: 'web1', instance: 'i', version: '1', startedAt: '', pid: 1 });
  const say = async (value: 'true' | 'false') =>
    world.client.txn({
      success: [
        { put: '/agents/web1', value: agent },
        { put: '/converged/web1', value },
      ],
    });
  await say('false');
  const late = await fleet.run(['status', '--wait-converged', '10ms', '--timeout', '500ms', '--json']);
  t.is(late.code, 1);
  const { code, message, hosts } = JSON.parse(late.stderr).error;
  t.deepEqual([code, hosts], ['not-converged', { web1: 'not-converged' }]);
  t.regex(message, /web1 has not converged/);
  t.like(await fleet.json(['status']), {
    converged: false,
    hosts: [
      { hostname: 'm1', converged: null },
      { hostname: 'web1', converged: false },
    ],
  });
  const waiting = fleet.run(['status', '--wait-converged', '200ms']);
  await say('true');
  const { stdout } = await waiting;
  t.regex(stdout, /HOST +AGENT +ETCD +CONVERGED/);
  t.regex(stdout, /web1 +up +client +yes/);
  t.regex(stdout, /\nconverged for 200ms\nOK\n$/);
  const settled = await fleet.json(['status', '--wait-converged', '10ms']);
  t.like(settled, { converged: true, convergedForMs: 10, hosts: [{ hostname: 'm1' }, { converged: true }] });
});

test.serial('a rest that cannot be waited for is wrong usage', async (t) => {
  t.is((await fleet.run(['status', '--wait-converged', '5'])).code, 2);
  const { code, stderr } = await fleet.run(['status', '--wait-converged', '5s', '--timeout', '2s']);
  t.is(code, 2);
  t.regex(stderr, /--wait-converged 5s needs a --timeout longer than 5s, not 2s/);
});
