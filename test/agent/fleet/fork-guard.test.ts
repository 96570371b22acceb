import { request } from 'node:http';
import test from 'ava';
import { detectCluster } from '../../../agent/cluster/start/detect-former-cluster.js';
import { AgentError } from '../../../agent/errors.js';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { Client } from '../../../world/index.js';
import { etcdVersions } from '../../fixtures/helpers/etcd-versions.js';
import { ServerPlace } from '../helpers/server.js';

const signal = AbortSignal.timeout(60_000);

for (const version of etcdVersions) {
  test.serial(`etcd ${version}: a host without its data hears the cluster that counts on it`, async (t) => {
    await using h1 = await ServerPlace.make(version);
    await using h2 = await ServerPlace.make(version, { name: 'h2' });
    const first = await h1.serve();
    await using client = Client.create({ endpoints: [first.clientEndpoint] });
    const { members } = await client.cluster.memberAdd(h2.options.advertisedServerUrls, { learner: true });
    const named = members.map(({ name, peerUrls }) => ({ name: name === '' ? 'h2' : name, peerUrls }));
    const second = await h2.serve({ kind: 'join', members: named });
    const { clusterId } = await client.cluster.status();
    const heard = async (urls: readonly string[]) => detectCluster(urls, { signal, listenMs: 5_000 });

    const error = await t.throwsAsync(heard(h2.options.serverUrls), { instanceOf: AgentError });
    t.is(error?.code, 'in-use', 'as long as its server runs the address is taken');
    second.kill();
    await second.exited;
    t.deepEqual(await heard(h2.options.serverUrls), {
      clusterId,
      peerUrls: h1.options.advertisedServerUrls,
      clientUrls: [first.clientEndpoint],
    });
    await h2.serve({ kind: 'restart' });
  });
}

test.serial(
  'nobody is heard where nobody dials, and other callers are not taken for a cluster',
  async (t) => {
    const url = `http://127.0.0.1:${await freePort()}`;
    t.is(await detectCluster([url], { signal, listenMs: 50 }), undefined);
    const listening = detectCluster([url], { signal, listenMs: 400 });
    const answer = new Promise((resolve) => {
      const headers = { 'x-etcd-cluster-id': '../../x' };
      const ask = () =>
        request(`${url}/raft/stream`, { headers, agent: false })
          .on('response', (response) => resolve(response.resume().statusCode))
          .on('error', () => setImmediate(ask))
          .end();
      ask();
    });
    t.is(await answer, 503);
    t.is(await listening, undefined);
  },
);

test.serial('listening ends with the signal', async (t) => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const ending = new AbortController();
  const listening = detectCluster([url], { signal: ending.signal, listenMs: 60_000 });
  const reason = new Error('enough');
  ending.abort(reason);
  t.is(await t.throwsAsync(listening), reason);
  t.is(await detectCluster([url], { signal, listenMs: 10 }), undefined, 'the address is free again');
});
