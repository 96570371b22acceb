import test from 'ava';
import { DirectEtcd } from '../helpers/direct-etcd.js';

let fleet: DirectEtcd;

test.before(async () => {
  fleet = await DirectEtcd.start();
});
test.after.always(() => fleet?.[Symbol.asyncDispose]());

test.serial(
  'who joins is chosen until it is interrupted, and whoever follows the schedule sees it',
  async (t) => {
    const seen = fleet.follow(t, ['schedule', 'get', 'backup', '--watch']);
    t.deepEqual(await seen.next(), { namespace: 'backup', hosts: [] });
    const joined = fleet.follow(t, ['schedule', 'join', 'backup', '--max-count', '1', '--hostname', 'web1']);
    t.deepEqual(await joined.next(), { namespace: 'backup', hosts: ['web1'] });
    t.deepEqual(await seen.next(), { namespace: 'backup', hosts: ['web1'] });
    const list = await fleet.json(['schedule', 'list']);
    t.deepEqual(list, [{ namespace: 'backup', hosts: ['web1'], candidates: ['web1'] }]);
    t.is((await fleet.run(['schedule', 'get', 'backup'])).stdout, 'web1\n');
    t.is(await joined.interrupt(), 130);
    t.deepEqual(await seen.next(), { namespace: 'backup', hosts: [] });
    t.is(await seen.interrupt(), 130);
    t.deepEqual(await fleet.json(['schedule', 'list']), []);
  },
);

test.serial(
  'a candidate that was added to stay is stored with its options until it is withdrawn',
  async (t) => {
    const options = [
      '--strategy',
      'spread',
      '--spread-by',
      'rack',
      '--label',
      'rack=r1',
      '--capacity',
      '2.5',
    ];
    const add = ['schedule', 'add', 'job', '--persist', '--ttl', '30s', '--hosts-filter', 'web1', ...options];
    const web1 = ['--hostname', 'web1'];
    t.deepEqual(await fleet.json([...add, ...web1]), { namespace: 'job', hostname: 'web1', changed: true });
    t.like(await fleet.json([...add, ...web1]), { changed: false });
    await using world = fleet.world('controller');
    t.is(
      (await world.client.get('/scheduler/hostname/web1/job'))?.value.toString(),
      'strategy=spread&maxCount=2147483647&persist=true&sessionTTL=30&hostsFilter=web1&spreadBy=rack' +
        '&label=rack%3Dr1&capacity=2.5',
    );
    t.like(await fleet.json(['schedule', 'withdraw', 'job', ...web1]), { changed: true });
    t.is((await fleet.run(['schedule', 'withdraw', 'job', ...web1])).stdout, 'No changes.\n');
    t.is(await world.client.get('/scheduler/hostname/web1/job'), undefined);
  },
);

test.serial('what cannot be scheduled is wrong usage, and says what to do', async (t) => {
  const wrong: [string[], RegExp][] = [
    [['add', 'job'], /--persist.*hawser schedule join job/],
    [['add', 'a/b', '--persist'], /slash/],
    [['add', 'job', '--persist', '--strategy', 'none'], /rr, alpha, spread, capacity/],
    [['add', 'job', '--persist', '--ttl', '1500ms'], /sessionTtlSeconds/],
    [['join', 'job', '--label', 'north'], /KEY=VALUE/],
  ];
  for (const [args, message] of wrong) {
    const { code, stdout, stderr } = await fleet.run(['schedule', ...args]);
    t.is(code, 2, args.join(' '));
    t.is(stdout, '');
    t.regex(stderr, message);
  }
});
