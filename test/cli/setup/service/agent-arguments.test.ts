import test from 'ava';
import { agentArguments, formatArguments } from '../../../../cli/setup/service/agent-arguments.js';

const settings = {
  hostname: 'web1',
  fleet: { name: 'prod', id: '7d1d2a3e-6f0c-4f5e-9f0a-1c2d3e4f5a6b' },
  address: '10.0.0.1',
  seeds: [],
  newCluster: true,
  clusterSize: 3,
  labels: { role: 'web server' },
  namespace: undefined,
  runtime: '/opt/hawser/runtime/node-24/bin/node',
  release: 'abc',
};

const flagValue = (args: readonly string[], flag: string) => args[args.indexOf(flag) + 1];

test('The first host makes the cluster, and serves others by certificate only', (t) => {
  const args = agentArguments(settings);
  t.is(args[0], 'run');
  t.is(flagValue(args, '--client-urls'), 'https://10.0.0.1:2379,unix:///run/hawser/etcd.sock');
  t.is(flagValue(args, '--server-urls'), 'https://10.0.0.1:2380');
  t.is(flagValue(args, '--trusted-ca-file'), '/etc/hawser/tls/ca.crt');
  t.is(flagValue(args, '--peer-trusted-ca-file'), '/etc/hawser/tls/ca.crt');
  t.is(flagValue(args, '--socket-group'), 'hawser');
  t.is(flagValue(args, '--fleet-id'), settings.fleet.id);
  t.is(flagValue(args, '--label'), 'role=web server');
  t.true(args.includes('--new-cluster'));
  t.false(args.includes('--seeds'));
  t.false(args.some((arg) => arg.startsWith('http://')));
});

test('The others join by the seeds, behind a router at an address of its own', (t) => {
  const seeds = ['https://10.0.0.1:2379', 'https://10.0.0.2:2379'];
  const args = agentArguments({
    ...settings,
    ...{ seeds, newCluster: false, clusterSize: undefined, address: '203.0.113.7', listenAddress: 'fd00::7' },
  });
  t.is(flagValue(args, '--seeds'), seeds.join(','));
  t.is(flagValue(args, '--server-urls'), 'https://[fd00::7]:2380');
  t.is(flagValue(args, '--advertise-server-urls'), 'https://203.0.113.7:2380');
  t.false(args.includes('--new-cluster'));
  t.false(args.includes('--ideal-cluster-size'));
});

test('The file of the arguments holds one a line, and nothing else', (t) => {
  t.is(formatArguments(['run', '--label', 'a=b c']), 'run\n--label\na=b c\n');
  t.throws(() => formatArguments(['run', 'a\nb']), { instanceOf: TypeError });
  t.throws(() => formatArguments(['run', '']), { instanceOf: TypeError });
});
