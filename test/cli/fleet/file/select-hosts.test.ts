import test from 'ava';
import { CliError } from '../../../../cli/errors.js';
import { destinationOf, type FleetHost, usesBridge } from '../../../../cli/fleet/file/fleet.js';
import { selectHosts } from '../../../../cli/fleet/file/select-hosts.js';

const fleet = {
  name: 'prod',
  hosts: [
    { name: 'web1', labels: { role: 'web', zone: 'a' } },
    { name: 'web2', labels: { role: 'web', zone: 'b' } },
    { name: 'db1', labels: { role: 'db', zone: 'a' } },
    { name: 'spare', labels: {} },
  ],
};

const selects = test.macro({
  title: (_, selection: string) => `"${selection}" selects hosts in the order of the fleet`,
  exec(t, selection: string, names: string) {
    t.is(
      selectHosts(fleet, selection)
        .map(({ name }) => name)
        .join(' '),
      names,
    );
  },
});

test(selects, 'all', 'web1 web2 db1 spare');
test(selects, 'web2', 'web2');
test(selects, 'db1, web1,web1', 'web1 db1');
test(selects, 'web*', 'web1 web2');
test(selects, '?b1,spare', 'db1 spare');
test(selects, 'role=web', 'web1 web2');
test(selects, 'role=web,zone!=b', 'web1');
test(selects, 'zone!=b', 'web1 db1 spare');
test(selects, 'role=web,role=db,zone=a', 'web1 db1');
test(selects, 'role!=web,role!=db', 'spare');
test(selects, 'web*,zone=a', 'web1');
test(selects, 'all,role=*', 'web1 web2 db1');

const refuses = test.macro({
  title: (_, selection: string) => `"${selection}" is refused`,
  exec(t, selection: string, message: string) {
    const error = t.throws(() => selectHosts(fleet, selection), { instanceOf: CliError, code: 'usage' });
    t.true(error?.message.includes(message), error?.message);
  },
});

test(refuses, 'web3', 'No host of the fleet prod is called web3 (did you mean "web1"?).');
test(refuses, 'Web1', 'did you mean "web1"');
test(refuses, 'mail', 'called mail: its hosts are web1, web2, db1, spare.');
test(refuses, 'web1,app*', 'No host of the fleet prod is called app*');
test(refuses, 'role=mail', 'No host of the fleet prod matches role=mail.');
test(refuses, 'rloe=web', 'None has the label rloe (did you mean "role"?).');
test(refuses, 'toString=x', 'None has the label toString: there are role, zone.');
test(refuses, 'web1,zone=b', 'No host of the fleet prod matches web1,zone=b.');
test(refuses, '', 'not a selection of hosts');
test(refuses, 'web1,', 'not a selection of hosts');

test('a fleet without hosts says how to get one', (t) => {
  t.throws(() => selectHosts({ hosts: [] }, 'all'), { message: /hawser up DESTINATION/ });
});

test('a host is logged in to as its user, and needs the bridge for sudo', (t) => {
  const host: FleetHost = { name: 'web1', ssh: 'web1:2222', hostKeys: [], labels: {} };
  t.is(destinationOf(host), 'web1:2222');
  t.is(destinationOf({ ...host, user: 'ann' }), 'ann@web1:2222');
  t.is(destinationOf({ ...host, ssh: 'ssh://web1:2222', user: 'ann' }), 'ssh://ann@web1:2222');
  t.deepEqual(
    [{}, { sudo: true }, { bridge: true }].map((more) => usesBridge({ ...host, ...more })),
    [false, true, true],
  );
});
