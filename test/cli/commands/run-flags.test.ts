import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import test from 'ava';
import { refuseNetworkFlags, serverTls } from '../../../cli/fleet/run-server-flags.js';
import { byteSize } from '../../../cli/input/parse-flag-values.js';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { hawser, shown, startHawser, temporaryFolder } from '../helpers/hawser.js';

const refused = test.macro({
  async exec(t, args: string, message: RegExp) {
    const { code, stderr } = await hawser(['run', '--prefix', '/nonexistent', ...args.split(' ')]);
    t.is(code, 2);
    t.regex(stderr, message);
  },
  title: (_, args) => `hawser run ${args} is a usage error`,
});
test.serial(refused, '--no-network --seeds http://10.0.0.1:2379', /omit --seeds or --no-network/);
test.serial(refused, '--label zone', /Write KEY=VALUE/);
test.serial(refused, '--quota-backend-bytes 2Gi', /Write a size such as 2147483648, 2GiB or 500MB/);
test.serial(refused, '--quota-backend-bytes 0', /Write a size/);
test.serial(refused, '--keep-deploys -1', /Write a whole number of at least 0/);

test.serial('sizes are bytes, or with a unit', (t) => {
  t.deepEqual(
    ['2147483648', '2GiB', '512 MiB', '500MB', '64kb'].map(byteSize),
    [2_147_483_648, 2_147_483_648, 536_870_912, 500_000_000, 64_000],
  );
  for (const text of ['', '1.5GiB', '-1', 'GiB', '99999999999GiB', '1TB']) t.throws(() => byteSize(text));
});

test.serial('a host without network takes no flag that is about one', (t) => {
  const urls = ['http://10.0.0.1:2379'];
  t.notThrows(() => refuseNetworkFlags({ network: true, seeds: urls }));
  t.throws(() => refuseNetworkFlags({ network: false, sshUrl: ['me@host'] }), {
    message: /omit --ssh-url/,
  });
  t.throws(() => refuseNetworkFlags({ network: false, clientUrls: urls }), { message: /omit --client-urls/ });
  t.throws(() => refuseNetworkFlags({ network: false, serverUrls: urls }), { message: /omit --server-urls/ });
});

test.serial('a certificate goes with its key', (t) => {
  const network = true;
  t.is(serverTls({ network }), undefined);
  t.deepEqual(serverTls({ network, certFile: 'c', keyFile: 'k' }), {
    client: { certFile: 'c', keyFile: 'k' },
  });
  t.deepEqual(serverTls({ network, peerCertFile: 'c', peerKeyFile: 'k', peerTrustedCaFile: 'a' }), {
    peer: { certFile: 'c', keyFile: 'k', trustedCaFile: 'a' },
  });
  t.throws(() => serverTls({ network, certFile: 'c' }), { message: /pass --key-file too/ });
  t.throws(() => serverTls({ network, peerTrustedCaFile: 'a' }), { message: /pass --peer-cert-file too/ });
});

test.serial('the temporary directory of an agent that was killed goes with the next', async (t) => {
  await using fleet = await DirectEtcd.start();
  const cwd = await temporaryFolder(t);
  const start = async (hostname: string) => {
    const args = ['run', '--tmp-prefix', '--no-server', '--hostname', hostname, '--seeds', fleet.etcd.url];
    const child = startHawser([...args, '--verbose'], { env: { TMPDIR: cwd } });
    t.teardown(() => child.kill('SIGKILL'));
    await shown(child.stdout, /connecting to the cluster/);
    return { child, exited: once(child, 'exit'), folders: await readdir(cwd) };
  };
  const first = await start('h1');
  t.is(first.folders.length, 1);
  first.child.kill('SIGKILL');
  await first.exited;
  t.deepEqual(await readdir(cwd), first.folders);
  const second = await start('h2');
  t.is(second.folders.length, 1);
  t.notDeepEqual(second.folders, first.folders);
  second.child.kill('SIGTERM');
  t.deepEqual((await second.exited)[0], 0);
  t.deepEqual(await readdir(cwd), []);
});
