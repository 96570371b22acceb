import test from 'ava';
import type { FleetHost } from '../../../../cli/fleet/file/fleet.js';
import { mergeDestinations, type WantedHosts } from '../../../../cli/setup/up/merge-destinations.js';

const web1: FleetHost = {
  name: 'web1',
  ssh: 'root@web1.example.org',
  hostKeys: ['ssh-ed25519 AAAA'],
  labels: { role: 'web' },
};

function merge(hosts: readonly FleetHost[], wanted: Partial<WantedHosts>) {
  return mergeDestinations(hosts, { destinations: [], labels: {}, addresses: new Map(), ...wanted });
}

const named = test.macro({
  exec: (t, destination: string, name: string, isNameless = false) => {
    t.like(merge([], { destinations: [destination] })[0], {
      name,
      ssh: destination.replace(/^db=/, ''),
      hostKeys: [],
      isNameless,
    });
  },
  title: (_, destination) => `${destination} is named after what it says`,
});
test(named, 'root@Web2.example.org', 'web2');
test(named, 'ssh://ann@web2.example.org:2222', 'web2');
test(named, 'web3', 'web3');
test(named, 'db=root@10.0.0.9', 'db');
test(named, 'root@10.0.0.9:22', '10.0.0.9', true);
test(named, 'root@[fd00::9]:22', 'fd00--9', true);

test('A destination that the fleet has already is that host, and its labels are added to', (t) => {
  const [host, ...rest] = merge([web1], {
    destinations: ['root@web1.example.org'],
    labels: { zone: 'a' },
    addresses: new Map([['web1', '10.0.0.1']]),
  });
  t.deepEqual(rest, []);
  t.deepEqual(host, { ...web1, labels: { role: 'web', zone: 'a' }, address: '10.0.0.1', isNameless: false });
  const ann = { ...web1, ssh: 'web1', user: 'ann' };
  t.is(merge([ann], { destinations: ['ann@web1'] }).length, 1);
});

test('Two hosts of one name are refused, with a way to name them apart', (t) => {
  const error = t.throws(() => merge([web1], { destinations: ['root@web1.example.com'] }), { code: 'usage' });
  t.is(
    error.message,
    'root@web1.example.com and root@web1.example.org would both be called web1: name one of them differently, such as web1b=root@web1.example.com.',
  );
  t.is(merge([web1], { destinations: ['web1b=root@web1.example.com'] }).length, 2);
});

test('The same destination twice is one host', (t) => {
  t.is(merge([], { destinations: ['web2', 'web2'] }).length, 1);
});

test('An address for a host that there is not is refused', (t) => {
  const addresses = new Map([['wbe1', '10.0.0.1']]);
  t.throws(() => merge([web1], { addresses }), { code: 'usage', message: /no host wbe1, only web1\.$/ });
});

test('What is no destination is refused', (t) => {
  t.throws(() => merge([], { destinations: ['root@'] }), { code: 'usage' });
  t.throws(() => merge([], { destinations: ['root:secret@web1'] }), { code: 'usage' });
});

test('Ports of one address are several hosts, which are called after themselves later', (t) => {
  const destinations = [
    'root@192.0.2.1:2201',
    'root@192.0.2.1:2202',
    'root@192.0.2.1:2201',
    'root@192.0.2.1',
  ];
  const merged = mergeDestinations([], { destinations, labels: {}, addresses: new Map() });
  t.deepEqual(
    merged.map(({ name, isNameless }) => [name, isNameless]),
    [
      ['192.0.2.1', true],
      ['192.0.2.1-2202', true],
      ['192.0.2.1-22', true],
    ],
  );
});
