import test from 'ava';
import { etcdArguments, joinMembers, type ServerFlags } from '../../agent/cluster/etcd-flags.js';

const flags: ServerFlags = {
  name: 'h2',
  dataFolder: '/var/lib/hawser/etcd/data',
  clientUrls: ['http://127.0.0.1:2379', 'http://10.0.0.2:2379'],
  serverUrls: ['http://10.0.0.2:2380'],
  advertisedClientUrls: ['http://10.0.0.2:2379'],
  advertisedServerUrls: ['http://10.0.0.2:2380'],
  start: { kind: 'new' },
};

test.serial('the first server names only itself and starts a new cluster', (t) => {
  const line = etcdArguments(flags).join(' ');
  t.true(line.includes('--initial-cluster-state new --initial-cluster h2=http://10.0.0.2:2380 '));
  t.true(line.includes('--listen-client-urls http://127.0.0.1:2379,http://10.0.0.2:2379 '));
  t.true(line.includes('--advertise-client-urls http://10.0.0.2:2379 '));
  t.true(line.includes('--max-txn-ops 512 '));
});

test.serial('a server that joins names every member, itself under its own name', (t) => {
  const members = joinMembers(
    [
      { name: 'h1', peerUrls: ['http://10.0.0.1:2380'] },
      { name: '', peerUrls: ['http://10.0.0.2:2380'] },
    ],
    'h2',
  );
  const line = etcdArguments({ ...flags, start: { kind: 'join', members } }).join(' ');
  t.true(
    line.includes(
      '--initial-cluster-state existing --initial-cluster h1=http://10.0.0.1:2380,h2=http://10.0.0.2:2380 ',
    ),
  );
});
