import test from 'ava';
import { idealSizeReader } from '../../../agent/cluster/members/ideal-size-reader.js';
import { EtcdWorld } from '../../../world/index.js';
import { Etcd } from '../../world/helpers/etcd.js';

test('an agent takes the default for a size that is none, and says so once', async (t) => {
  await using etcd = await Etcd.start();
  await using world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'h1' });
  const said: string[] = [];
  const size = idealSizeReader(world, (level, message) => said.push(`${level} ${message}`));
  const { signal } = new AbortController();
  t.is(await size({ signal }), 5);
  t.deepEqual(said, []);
  for (const value of ['many', '-1', '99999', '']) {
    await world.client.set('/chooser/dynamicsize/idealclustersize', value);
    t.is(await size({ signal }), 5);
  }
  t.is(said.length, 1);
  t.regex(said[0] ?? '', /^warn .*\/chooser\/dynamicsize\/idealclustersize\) is "many".*hawser size 5/);
  await world.idealClusterSizeSet(3);
  t.is(await size({ signal }), 3);
  await world.client.set('/chooser/dynamicsize/idealclustersize', 'few');
  t.is(await size({ signal }), 5);
  t.is(said.length, 2);
});
