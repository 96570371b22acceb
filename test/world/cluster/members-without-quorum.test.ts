import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { Client } from '../../../world/index.js';
import { etcdVersions } from '../../fixtures/helpers/etcd-versions.js';
import { Etcd } from '../helpers/etcd.js';
import { etcdctl } from '../helpers/etcdctl.js';

for (const version of etcdVersions) {
  test.serial(
    `etcd ${version} without a quorum still says how far it has come and who its members are`,
    async (t) => {
      await using etcd = await Etcd.start([], version);
      await using client = Client.create({ endpoints: [etcd.url] });
      await client.set('/k', 'value');
      const never = `http://127.0.0.1:${await freePort()}`;
      // A voter that never starts takes the quorum away at once.
      await etcdctl(etcd, 'member', 'add', 'm2', `--peer-urls=${never}`);
      const status = await client.cluster.status();
      t.true(status.raftIndex > 0n);
      const members = await client.cluster.members({ serializable: true });
      t.deepEqual(members.map(({ peerUrls }) => peerUrls).sort(), [[etcd.peerUrl], [never]].sort());
      t.is(members.find(({ id }) => id === status.memberId)?.name, 'm1');
      if (version !== '3.4') {
        await t.throwsAsync(client.cluster.members({ timeoutMs: 300 }), { code: 'unavailable' });
      }
    },
  );
}
