import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { suitableClusterSize } from '../../../cli/setup/init/ask-for-fleet.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';
import { hawserInTerminal } from '../helpers/terminal.js';

test.serial('without a terminal the options say all of a fleet, and nothing is overwritten', async (t) => {
  const home = await temporaryFolder(t);
  const init = (...args: string[]) => hawser(['init', ...args], { cwd: home });
  const hosts = ['--host', 'web1=root@web1.example.org', '--host', 'ann@web2.example.org:2222'];
  const made = await init(
    '--name',
    'prod',
    ...hosts,
    '--label',
    'web*:role=web',
    '--label',
    'web2:zone=b',
    '--json',
  );
  t.is(made.code, 0, made.stderr);
  const file = path.join(home, '.config', 'hawser', 'fleets', 'prod.yaml');
  t.deepEqual(JSON.parse(made.stdout), { name: 'prod', file, clusterSize: 1, hosts: ['web1', 'web2'] });
  t.deepEqual(parse(await readFile(file, 'utf8')), {
    name: 'prod',
    'cluster-size': 1,
    hosts: {
      web1: { ssh: 'root@web1.example.org', labels: { role: 'web' } },
      web2: { ssh: 'ann@web2.example.org:2222', labels: { role: 'web', zone: 'b' } },
    },
  });
  const elsewhere = path.join(home, 'fleet.yaml');
  const pinned = `web1?hostkey=SHA256:${'A'.repeat(43)}`;
  const named = await init('--name', 'prod', '--host', pinned, '--cluster-size', '3', '--file', elsewhere);
  t.is(named.stdout, `Wrote ${elsewhere}: the fleet prod of web1.\nNext: hawser up --fleet ${elsewhere}\n`);
  t.like(parse(await readFile(elsewhere, 'utf8')), { 'cluster-size': 3, hosts: { web1: { ssh: 'web1' } } });

  for (const [args, message] of [
    [['--name', 'prod', ...hosts], /A fleet named prod is known here already/],
    [['--name', 'prod', ...hosts, '--file', elsewhere], /fleet\.yaml exists already/],
    [['--name', 'Prod', ...hosts], /A fleet cannot be called Prod/],
    [['--name', 'test'], /name the fleet and its hosts: --name NAME --host DESTINATION/],
    [hosts, /name the fleet and its hosts/],
    [
      ['--name', 'test', '--host', 'web1.a', '--host', 'web1.b'],
      /would be called web1\. Name them, such as "web2=web1\.b"/,
    ],
    [['--name', 'test', '--host', 'a=web1', '--host', 'b=web1'], /a and b are the same destination/],
    [['--name', 'test', '--host', 'all'], /A host cannot be called all/],
    [['--name', 'test', '--host', '[::1]:22'], /A host cannot be called ::1: write NAME=DESTINATION/],
    [['--name', 'test', '--host', 'root:secret@web1'], /it contains a password/],
    [
      ['--name', 'test', ...hosts, '--label', 'wbe1:role=web'],
      /No host of the fleet is called wbe1 \(did you mean "web1"\?\)/,
    ],
    [['--name', 'test', ...hosts, '--label', 'role=web'], /is not a label of hosts/],
  ] as const) {
    const { code, stderr } = await init(...args);
    t.is(code, 2, args.join(' '));
    t.regex(stderr, message);
    t.false(stderr.includes('secret'));
  }
});

test.serial(
  'on a terminal it asks for what no option says, and offers the hosts of ssh_config',
  async (t) => {
    const home = await temporaryFolder(t);
    const ssh = path.join(home, '.ssh');
    await mkdir(path.join(ssh, 'more'), { recursive: true, mode: 0o700 });
    await writeFile(
      path.join(ssh, 'config'),
      'Include more/*\nHost web2 *.example.org !bastion\n  User ann\nHost *\n',
    );
    await writeFile(path.join(ssh, 'more', 'a'), 'Host web1.a.example\n  Port 2222\n');
    const terminal = hawserInTerminal(t, ['init', '--name', 'Prod'], { cwd: home });
    t.is(await terminal.exited, 2, 'what was given is checked before anything is asked');

    const asked = hawserInTerminal(t, ['init'], { cwd: home });
    await asked.shows(/Name of the fleet: \(prod\)/);
    asked.type('My fleet\r');
    await asked.shows(/A fleet cannot be called My fleet/);
    await asked.shows(/Name of the fleet:\s*$/);
    asked.type('prod\r');
    await asked.shows(/Hosts of your ssh_config.*web1\.a\.example.*web2/s);
    t.notRegex(asked.screen(), /bastion|\*\.example/);
    asked.type(' \x1b[B \r');
    await asked.shows(/Other hosts \(Enter for none\):/);
    asked.type('root@web2.example.org\r');
    await asked.shows(/Both web2 and root@web2\.example\.org would be called web2/);
    asked.type(`${'\x7f'.repeat('root@web2.example.org'.length)}web3=root@web2.example.org\r`);
    await asked.shows(/Labels, such as web1\.a\.example:role=web/);
    asked.type('web*:role=web web3:zone=b\r');
    await asked.shows(/How many of them run etcd: \(3\)/);
    asked.type('\r');
    t.is(await asked.exited, 0, asked.screen());
    const file = path.join(home, '.config', 'hawser', 'fleets', 'prod.yaml');
    t.deepEqual(parse(await readFile(file, 'utf8')), {
      name: 'prod',
      'cluster-size': 3,
      hosts: {
        'web1.a.example': { ssh: 'web1.a.example', labels: { role: 'web' } },
        web2: { ssh: 'web2', labels: { role: 'web' } },
        web3: { ssh: 'root@web2.example.org', labels: { role: 'web', zone: 'b' } },
      },
    });
    const left = hawserInTerminal(t, ['init'], { cwd: home });
    await left.shows(/Name of the fleet:/);
    left.type('\x03');
    t.is(await left.exited, 130);
  },
);

test('an odd number of hosts runs etcd, at most five', (t) => {
  t.deepEqual([1, 2, 3, 4, 5, 6, 20].map(suitableClusterSize), [1, 1, 3, 3, 5, 5, 5]);
});
