import test from 'ava';
import type { FleetTarget } from '../../../cli/fleet/merge-target.js';
import { absoluteFlags } from '../../../cli/forwards/absolute-flags.js';
import { parseReply, parseRequest } from '../../../cli/forwards/control-protocol.js';
import { etcdctlVariables, formatVariables } from '../../../cli/forwards/etcdctl-variables.js';
import { forwardKey } from '../../../cli/forwards/forward-key.js';
import { listenPath } from '../../../cli/forwards/forward-places.js';

const host = { name: 'web1', ssh: 'root@web1', hostKeys: ['ssh-ed25519 AAAA'], labels: {} };
const target: FleetTarget = {
  sshUrls: ['root@web1'],
  fleetHosts: [host],
  sshIds: ['/id'],
  sshKnownHosts: [],
  seeds: ['unix:///run/hawser/etcd.sock'],
  namespace: '/_mgmt',
  hostname: 'laptop',
  timeoutMs: 10_000,
};
const key = (change: Partial<FleetTarget>, version = '1.0.0') =>
  forwardKey({ ...target, ...change }, version);

for (const [what, change] of Object.entries<Partial<FleetTarget>>({
  'another host key': { fleetHosts: [{ ...host, hostKeys: ['ssh-ed25519 BBBB'] }] },
  'a further host': { fleetHosts: [host, { ...host, name: 'web2' }] },
  'a removed host': { fleetHosts: [] },
  'another user': { fleetHosts: [{ ...host, user: 'ann' }] },
  'another way in': { fleetHosts: [{ ...host, jump: 'gate' }] },
  'another destination': { sshUrls: ['root@web2'] },
  'another identity': { sshIds: ['/other'] },
  'another known_hosts': { sshKnownHosts: ['/other'] },
  'a pin': { sshHostkey: 'SHA256:x' },
  'the key of a jump host': { jumpKeys: ['gate ssh-ed25519 AAAA'] },
  'another ssh_config': { sshConfig: 'none' },
  'another transport': { transport: 'openssh' },
})) {
  test(`a forward is not used for ${what}`, (t) => t.not(key(change), key({})));
}

test('a forward is not used by another version of hawser', (t) => t.not(key({}, '1.0.1'), key({})));

test('what counts beyond the forward does not matter to it', (t) => {
  const change = { seeds: ['http://127.0.0.1:2379'], namespace: '/x', hostname: 'other', timeoutMs: 1 };
  t.is(key({ ...change, fleetHosts: [{ ...host, labels: { zone: 'b' }, address: '10.0.0.1' }] }), key({}));
});

test('paths of a command count where that was started', (t) => {
  const flags = { json: false, verbose: false, sshId: ['k', '~/k', '/k'], sshConfig: 'none', fleet: 'prod' };
  const expected = { ...flags, sshId: ['/here/k', '~/k', '/k'] };
  t.deepEqual(absoluteFlags(flags, '/here'), expected);
  t.is(absoluteFlags({ ...flags, fleet: './prod.yaml' }, '/here').fleet, '/here/prod.yaml');
});

test('what is no request or reply is none', (t) => {
  for (const line of [
    '',
    '{',
    'null',
    '[]',
    '{"do":"use","key":1,"seeds":[]}',
    '{"do":"use","key":"k","seeds":[1]}',
  ])
    t.is(parseRequest(line), undefined, line);
  t.deepEqual(parseRequest('{"do":"stop","more":1}'), { do: 'stop' });
  for (const line of ['', 'null', '{"state":{}}', '{"state":{"ways":[null]}}'])
    t.is(parseReply(line), undefined);
  t.deepEqual(parseReply('{"refused":"no"}'), { refused: 'no' });
});

test('variables are quoted for the shell, and TLS at a socket is told', (t) => {
  const tls = { caFile: "/it's/ca.crt", certFile: undefined, keyFile: undefined };
  const variables = etcdctlVariables({ seeds: ['https://h:2379'], tls, user: undefined }, ['unix:///s']);
  t.deepEqual(formatVariables(variables, 'sh'), [
    'export ETCDCTL_ENDPOINTS=unixs:///s',
    `export ETCDCTL_CACERT='/it'\\''s/ca.crt'`,
  ]);
  t.is(formatVariables(variables, 'fish')[1], `set -gx ETCDCTL_CACERT '/it\\'s/ca.crt';`);
});

test('a socket for TLS is called as the certificate is, which etcdctl expects', (t) => {
  const id = 'a'.repeat(64);
  t.regex(listenPath('/run', id, 'https://10.0.0.1:2379'), /^\/run\/a{16}-[0-9a-f]{8}\/10\.0\.0\.1$/);
  t.regex(listenPath('/run', id, 'http://10.0.0.1:2379'), /^\/run\/a{16}-[0-9a-f]{8}\.sock$/);
  t.regex(listenPath('/run', id, `https://${'h'.repeat(99)}`), /^\/run\/a{16}-[0-9a-f]{8}\.sock$/);
});
