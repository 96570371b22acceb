import test from 'ava';
import { chooseWays, type ReachableHost } from '../../../../cli/setup/reach/choose-host-pairs.js';

function hosts(count: number, standing: ReachableHost['standing'], prefix: string): ReachableHost[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `${prefix}${at + 1}`,
    address: `10.0.0.${at + 1}`,
    standing,
  }));
}

test('New hosts are tried against each other in both directions, on both ports', (t) => {
  const ways = chooseWays(hosts(2, 'new', 'web'));
  t.deepEqual(
    ways.map((way) => `${way.from} to ${way.to} at ${way.address}:${way.port}`),
    [
      'web1 to web2 at 10.0.0.2:2379',
      'web1 to web2 at 10.0.0.2:2380',
      'web2 to web1 at 10.0.0.1:2379',
      'web2 to web1 at 10.0.0.1:2380',
    ],
  );
  t.is(chooseWays(hosts(3, 'new', 'web')).length, 3 * 2 * 2);
});

test('Hosts that are in the fleet are not tried against each other', (t) => {
  t.deepEqual(chooseWays(hosts(3, 'settled', 'web')), []);
  const ways = chooseWays([...hosts(3, 'settled', 'web'), ...hosts(1, 'new', 'db')]);
  t.is(ways.length, 3 * 2 * 2);
  t.true(ways.every(({ from, to }) => from === 'db1' || to === 'db1'));
  t.is(chooseWays(hosts(1, 'new', 'web')).length, 0);
});

test('With many hosts the number of ways grows no faster than theirs', (t) => {
  const count = (many: number) => chooseWays(hosts(many, 'new', 'web')).length;
  t.is(count(300) - count(200), count(200) - count(100));
  const joins = chooseWays([...hosts(20, 'new', 'web'), ...hosts(20, 'settled', 'old')]);
  t.true(joins.every(({ from, to }) => from.startsWith('old') !== to.startsWith('old')));
  t.is(new Set(joins.map(({ from, to }) => (from.startsWith('old') ? from : to))).size, 8);
});
