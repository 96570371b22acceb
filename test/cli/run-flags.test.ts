import test from 'ava';
import { refuseNetworkFlags, serverTls } from '../../cli/server-flags.js';
import { hawser } from './hawser.js';

const refused = test.macro({
  async exec(t, args: string, message: RegExp) {
    const { code, stderr } = await hawser(['run', '--prefix', '/nonexistent', ...args.split(' ')]);
    t.is(code, 2);
    t.regex(stderr, message);
  },
  title: (_, args) => `hawser run ${args} is a usage error`,
});
test.serial(refused, '--no-network --seeds http://10.0.0.1:2379', /leave out --seeds or --no-network/);
test.serial(refused, '--label zone', /Write KEY=VALUE/);

test.serial('a host without network takes no flag that is about one', (t) => {
  const urls = ['http://10.0.0.1:2379'];
  t.notThrows(() => refuseNetworkFlags({ network: true, seeds: urls }));
  t.throws(() => refuseNetworkFlags({ network: false, sshUrl: ['me@host'] }), {
    message: /leave out --ssh-url/,
  });
  t.throws(() => refuseNetworkFlags({ network: false, clientUrls: urls }), { message: /out --client-urls/ });
  t.throws(() => refuseNetworkFlags({ network: false, serverUrls: urls }), { message: /out --server-urls/ });
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
  t.throws(() => serverTls({ network, certFile: 'c' }), { message: /give --key-file too/ });
  t.throws(() => serverTls({ network, peerTrustedCaFile: 'a' }), { message: /give --peer-cert-file too/ });
});
