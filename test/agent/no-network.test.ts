import path from 'node:path';
import test from 'ava';
import { etcdVersions } from '../fixtures/helpers/etcd-versions.js';
import { LocalAgents } from './helpers/local-agents.js';

for (const version of etcdVersions) {
  test.serial(`a host without a network is reached over its unix socket, on etcd ${version}`, async (t) => {
    await using agents = await LocalAgents.create(version);
    const host = await agents.add('h1');
    const socket = `unix://${path.join(host.prefix, 'etcd', 'client:0')}`;
    const run = () =>
      host.run(['--hostname', 'h1', '--prefix', host.prefix, '--no-network', '--new-cluster']);
    run();
    await agents.etcdctlAnswers(socket);
    await agents.etcdctl(socket, 'put', '/kept', 'over a socket');
    t.regex(await agents.etcdctl(socket, 'member', 'list'), /^[0-9a-f]+, started, h1, .* false\n$/);
    await host.kill();
    run();
    await agents.etcdctlAnswers(socket);
    t.is(await agents.etcdctl(socket, 'get', '/kept', '--print-value-only'), 'over a socket\n');
    t.deepEqual(await host.stop(), { code: 0, signal: null });
  });
}
