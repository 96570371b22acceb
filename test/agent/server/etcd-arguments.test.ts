import test from 'ava';
import {
  etcdArguments,
  joinMembers,
  type ServerFlags,
} from '../../../agent/cluster/server/etcd/etcd-arguments.js';
import { newCluster } from '../helpers/new-cluster.js';

const flags: ServerFlags = {
  name: 'h2',
  dataFolder: '/var/lib/hawser/etcd/data',
  clientUrls: ['http://127.0.0.1:2379', 'http://10.0.0.2:2379'],
  serverUrls: ['http://10.0.0.2:2380'],
  advertisedClientUrls: ['http://10.0.0.2:2379'],
  advertisedServerUrls: ['http://10.0.0.2:2380'],
  start: { kind: 'restart' },
};

test.serial('the first server names only itself and starts a new cluster', async (t) => {
  const start = await newCluster();
  const line = etcdArguments({ ...flags, start }).join(' ');
  t.true(line.includes('--initial-cluster-state new --initial-cluster h2=http://10.0.0.2:2380 '));
  t.true(/--initial-cluster-token [0-9a-f-]{36} /.test(line));
  t.true(line.includes('--strict-reconfig-check=false '));
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

test.serial('a server that comes back starts no cluster, even where its log is gone', (t) => {
  const line = etcdArguments({ ...flags, start: { kind: 'restart' } }).join(' ');
  t.true(line.includes('--initial-cluster-state existing '));
  t.false(line.includes('--force-new-cluster'));
});

test.serial('only a rebuild makes a cluster of one out of what there is', (t) => {
  const line = etcdArguments({ ...flags, start: { kind: 'rebuild' } }).join(' ');
  t.true(line.includes('--initial-cluster-state existing '));
  t.true(line.includes(' --force-new-cluster '));
});

test.serial('certificates are demanded from others only where an authority is named', (t) => {
  const client = { certFile: '/c.crt', keyFile: '/c.key' };
  const peer = { certFile: '/p.crt', keyFile: '/p.key', trustedCaFile: '/ca.crt' };
  const line = etcdArguments({ ...flags, tls: { client, peer } }).join(' ');
  t.true(
    line.includes(' --cert-file /c.crt --key-file /c.key --peer-cert-file /p.crt --peer-key-file /p.key '),
  );
  t.true(line.includes(' --peer-client-cert-auth --peer-trusted-ca-file /ca.crt '));
  t.false(line.includes(' --client-cert-auth'));
});
