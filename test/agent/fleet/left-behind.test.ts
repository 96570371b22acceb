import { cp } from 'node:fs/promises';
import test from 'ava';
import { ClusterIdentity } from '../../../agent/cluster/start/ask-other-servers.js';
import { AgentError } from '../../../agent/errors.js';
import { Client } from '../../../world/index.js';
import { getFleet, makeFleet, raiseGeneration } from '../../../world/internal.js';
import { etcdVersions } from '../../fixtures/helpers/etcd-versions.js';
import { ServerPlace } from '../helpers/server.js';

const signal = AbortSignal.timeout(60_000);

for (const version of etcdVersions)
  test.serial(
    `etcd ${version}: a recovered cluster is told from what it left behind, though both have the same id`,
    async (t) => {
      await using before = await ServerPlace.make(version);
      await using after = await ServerPlace.make(version);
      const namespace = '/_mgmt';
      const first = await before.serve();
      const [left, right] = [before, after].map(({ options }) => options.clientUrls[0] ?? '');
      if (left === undefined || right === undefined) return t.fail();
      await using client = Client.create({ endpoints: [left], namespace });
      const fleet = await makeFleet(client);
      await first.stop();
      await cp(before.options.dataFolder, after.options.dataFolder, { recursive: true });
      await before.serve({ kind: 'restart' });
      await after.serve({ kind: 'rebuild' });
      await using recovered = Client.create({ endpoints: [right], namespace });
      t.deepEqual(await raiseGeneration(recovered), { ...fleet, generation: 2 });
      t.is((await client.cluster.status()).clusterId, (await recovered.cluster.status()).clusterId);

      const { revision } = await client.cluster.status();
      recovered.setEndpoints([left]);
      await t.throwsAsync(recovered.set('/x', '1'), { code: 'other-fleet' });
      await t.throwsAsync(recovered.get('/x'), { code: 'other-fleet' });
      t.is((await client.cluster.status()).revision, revision);
      client.setEndpoints([left, right]);
      await client.set('/x', 'still where it was');
      t.deepEqual(await getFleet(client), fleet);
      await using both = Client.create({ endpoints: [left, right], namespace });
      await both.set('/y', 'in the newer one');
      t.deepEqual(both.fleet, { ...fleet, generation: 2 });

      const look = (endpoints: readonly string[]) => Client.create({ endpoints, namespace, fleet: 'any' });
      const rivals = new ClusterIdentity(look, []);
      const error = await t.throwsAsync(rivals.compare(left, [right], signal), { instanceOf: AgentError });
      t.is(error?.code, 'other-cluster');
      t.regex(error?.message ?? '', /was left behind by a recovery.*generation 2/);
      await t.notThrowsAsync(rivals.compare(right, [left], signal));
    },
  );
