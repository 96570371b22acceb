import { readFile } from 'node:fs/promises';
import test from 'ava';
import { CliError } from '../../../../cli/errors.js';
import { formatFleetFile } from '../../../../cli/fleet/file/format-fleet-file.js';
import { parseFleetFile } from '../../../../cli/fleet/file/parse-fleet-file.js';
import { ed25519Key, rsaKey } from '../../../tunnel/helpers/host-keys.js';

const [ours, bastion] = [ed25519Key(1).text, ed25519Key(2).text];
const rsa = rsaKey(1).text;
const id = '6f1c0000-1111-4222-8333-444455556666';
const authority = '-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n';
const file = '/home/ann/.config/hawser/fleets/prod.yaml';

const written = `# Ours since 2024.
name: prod
fleet-id: ${id}
namespace: /_mgmt
cluster-size: 3
seeds: unix:///run/other.sock # moved
hosts:
  web1:
    ssh: root@web1.example.org
    host-key: ${ours}
    address: 10.0.0.1
    labels: {role: web, rack: 7}
  # Behind the bastion.
  web2:
    ssh: web2
    user: ann
    jump: bastion.example.org
    host-key: [${ours}, ${rsa}]
    sudo: true
known-hosts:
  - bastion.example.org ${bastion}
authority: |
${authority.replace(/^(?=.)/gm, '  ')}`;

test('a fleet file says who the hosts are and how they are reached', (t) => {
  const { fleet, connection } = parseFleetFile(written, file);
  t.deepEqual(fleet, {
    name: 'prod',
    file,
    id,
    namespace: '/_mgmt',
    clusterSize: 3,
    hosts: [
      {
        name: 'web1',
        ssh: 'root@web1.example.org',
        hostKeys: [ours],
        address: '10.0.0.1',
        labels: { role: 'web', rack: '7' },
      },
      {
        ...{ name: 'web2', ssh: 'web2', user: 'ann', jump: 'bastion.example.org', sudo: true, labels: {} },
        hostKeys: [ours, rsa],
      },
    ],
    knownHosts: [`bastion.example.org ${bastion}`],
    authority,
  });
  t.like(connection, { seeds: ['unix:///run/other.sock'], fleetId: { uuid: id, generation: 1 } });
  t.is(connection.fleetHosts, fleet.hosts);
});

test('a file that only says how a fleet is reached is a fleet without hosts', (t) => {
  const { fleet, connection } = parseFleetFile(
    'ssh-url: root@web1\nssh-hosts: [root@web1, root@web2]\n',
    file,
  );
  t.deepEqual(fleet, { name: 'prod', file, hosts: [], knownHosts: [] });
  t.deepEqual(connection, { sshUrls: ['root@web1'], hosts: ['root@web1', 'root@web2'] });
  t.is(parseFleetFile('', file).fleet.name, 'prod');
});

test('writing a fleet changes what differs and leaves the rest, comments too', (t) => {
  const { fleet } = parseFleetFile(written, file);
  t.is(formatFleetFile(fleet, written, fleet), formatFleetFile(fleet, formatFleetFile(fleet, written)));
  const [web1, web2] = fleet.hosts;
  if (web1 === undefined || web2 === undefined) throw new Error('both are there');
  const { sudo: _, ...web3 } = { ...web2, name: 'web3', ssh: 'web3', labels: { role: 'db' } };
  const { clusterSize: __, ...next } = { ...fleet, hosts: [{ ...web1, hostKeys: [rsa] }, web3] };
  const text = formatFleetFile(next, written, fleet);
  t.deepEqual(parseFleetFile(text, file).fleet, next);
  for (const kept of [
    '# Ours since 2024.',
    'seeds: unix:///run/other.sock # moved',
    'labels: { role: web, rack: 7 }',
  ])
    t.true(text.includes(kept), text);
  t.false(text.includes('web2'));
  t.false(text.includes('cluster-size'));
  t.deepEqual(parseFleetFile(formatFleetFile(fleet), file).fleet, fleet, 'also in a new file');
  t.true(formatFleetFile(fleet).includes(`host-key: ${ours}\n`), 'keys are not folded');
});

const complains = test.macro<[text: string, ...problems: string[]]>({
  title: (_, text) => `says what is wrong with ${JSON.stringify(text)}`,
  exec(t, text, ...problems) {
    const error = t.throws(() => parseFleetFile(text, file), { instanceOf: CliError, code: 'usage' });
    for (const problem of problems) t.true(error?.message.includes(problem), error?.message);
    t.true(error?.message.startsWith(`${file} is `), error?.message);
  },
});

const one = (keys: string) => `name: prod\nhosts:\n  web1:\n    ssh: web1\n    ${keys}\n`;
test(
  complains,
  one('lables: {role: web}'),
  'line 5, column 5: hosts.web1.lables: unknown key (did you mean "labels"?)',
);
test(complains, one('cluster-size: 3'), 'line 5, column 5: hosts.web1.cluster-size: unknown key.');
test(
  complains,
  'hosst: {}\n\nclustersize: 3',
  'line 1, column 1: hosst: unknown key (did you mean "hosts"?)',
  'line 3, column 1: clustersize: unknown key (did you mean "cluster-size"?)',
);
test(complains, one('sudo: yes'), 'line 5, column 5: hosts.web1.sudo: expected true or false, got "yes"');
test(
  complains,
  one('host-key: ssh-ed25519 AAAA'),
  'line 5, column 5: hosts.web1.host-key.0: expected a host key as in a .pub file',
);
test(
  complains,
  one(`host-key:\n      - ${ours}\n      - 5`),
  'line 7, column 9: hosts.web1.host-key.1: expected a host key',
);
test(
  complains,
  one('address: 10.0.0.1:2379'),
  'hosts.web1.address: expected an IP address or a host name, without a port',
);
test(complains, one('labels: {role: [a]}'), 'line 5, column 14: hosts.web1.labels.role: expected a label');
test(complains, one('labels: {"a,b": c}'), 'hosts.web1.labels.a,b: expected a label');
test(complains, one('user: "an n"'), 'line 5, column 5: hosts.web1.user: expected a user name, got "an n"');
test(
  complains,
  'hosts:\n  web1: {ssh: ann@web1, user: bob}',
  'hosts.web1.user: expected no user here, because ssh has one',
);
test(
  complains,
  'hosts:\n  web1: root@web1',
  'line 2, column 3: hosts.web1: expected a mapping with at least ssh, got "root@web1"',
);
test(complains, 'hosts:\n  web1: {}', 'hosts.web1.ssh: expected an SSH destination');
test(
  complains,
  'hosts:\n  web1: {ssh: "root@web1?hostkey=SHA256:x"}',
  'expected no host key here: use host-key',
);
test(
  complains,
  'hosts:\n  a: {ssh: web1}\n  b: {ssh: web1}',
  'line 3, column 7: hosts.b.ssh: expected another destination than that of a',
);
test(
  complains,
  'hosts:\n  a: {ssh: web1}\n  a: {ssh: web2}',
  'is not YAML: Map keys must be unique at line 3',
);
test(complains, 'hosts:\n  all: {ssh: web1}', 'hosts.all: expected a name of letters');
test(complains, 'hosts:\n  "a,b": {ssh: web1}', 'hosts.a,b: expected a name of letters');
test(
  complains,
  'hosts: root@web1',
  'line 1, column 1: hosts: expected a mapping of names to hosts, got "root@web1"',
);
test(
  complains,
  'ssh-url: x\nhosts: {web1: {ssh: web1}}',
  'line 1, column 1: ssh-url: expected no such key beside hosts',
);
test(complains, 'cluster-size: 0', 'cluster-size: expected at least 1, got 0');
test(complains, 'name: Prod', 'name: expected lowercase letters');
test(complains, 'fleet-id: prod', 'fleet-id: expected the uuid of a fleet');
test(
  complains,
  'known-hosts: ["@revoked * ssh-ed25519 AAAA"]',
  'known-hosts.0: expected a line as in known_hosts',
);
test(
  complains,
  `authority: |\n  -----BEGIN PRIVATE KEY-----\n`,
  'authority: expected certificates in PEM and nothing else',
);
test(complains, '[', 'is not YAML');

test('what two hosts share by an alias is changed for one of them alone', (t) => {
  const shared = 'hosts:\n  a: {ssh: a, labels: &web {role: web}}\n  b: {ssh: b, labels: *web}\n';
  const { fleet } = parseFleetFile(shared, file);
  const hosts = fleet.hosts.map((host) => (host.name === 'a' ? { ...host, labels: { role: 'db' } } : host));
  const text = formatFleetFile({ ...fleet, hosts }, shared, fleet);
  t.deepEqual(parseFleetFile(text, file).fleet.hosts, hosts);
});

test('the fleet file of the documentation is one', async (t) => {
  const page = await readFile(new URL('../../../../../docs/reference/fleet.md', import.meta.url), 'utf8');
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  const { fleet } = parseFleetFile(example, file);
  t.deepEqual(
    fleet.hosts.map(({ name }) => name),
    ['web1', 'web2'],
  );
  t.is(fleet.knownHosts.length, 1);
});

test('a password in a destination is not repeated', (t) => {
  const error = t.throws(() => parseFleetFile('hosts: {a: {ssh: "root:secret@web1"}}', file));
  t.true(error?.message.includes('expected a destination without a password'), error?.message);
  t.false(error?.message.includes('secret'));
});
