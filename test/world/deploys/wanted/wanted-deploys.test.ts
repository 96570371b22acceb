import test from 'ava';
import { type Deployment, serialiseDeployment } from '../../../../world/deploys/deploy-payload.js';
import { rolloutKey, type Verdict } from '../../../../world/deploys/rollout/rollout-record.js';
import { WantedDeploysReader } from '../../../../world/deploys/wanted/wanted-deploys.js';
import { EtcdWorld } from '../../../../world/index.js';
import { Etcd } from '../../helpers/etcd.js';

let etcd: Etcd;
test.before(async () => {
  etcd = await Etcd.start();
});
test.after.always(() => etcd?.[Symbol.asyncDispose]());

const host = { name: 'web2', labels: {} };

class Log {
  readonly #world: EtcdWorld;
  #id = 0;

  constructor(world: EtcdWorld) {
    this.#world = world;
  }

  /** @returns its id */
  async add(name: string, change: Partial<Deployment> = {}, format = 1): Promise<number> {
    const previous = (await this.#world.getApps()).get(name);
    const deployment: Deployment = {
      ...{ hawser: 1, name, message: '', author: '', createdAt: '', tree: 'a'.repeat(64), noop: false },
      hosts: ['web1', 'web2'],
      ...(previous === undefined ? {} : { previous }),
      manifest: { name },
      ...change,
    };
    this.#id += 1;
    const payload = serialiseDeployment(deployment).replace('"hawser":1', `"hawser":${format}`);
    await this.#world.addDeploy({ id: this.#id, payload });
    return this.#id;
  }

  async decide(id: number, verdict: Verdict): Promise<void> {
    const taken = verdict === 'healthy' || verdict === 'superseded' ? {} : { goingBackTo: 'rolled-back' };
    const record = { app: 'any', phase: 'done', admitted: 0, since: '', verdict, ...taken };
    await this.#world.client.set(rolloutKey(id), JSON.stringify(record));
  }
}

function wanted(reader: WantedDeploysReader): Promise<Record<string, number>> {
  return reader.read({}).then(({ apps }) => Object.fromEntries([...apps].map(([app, { id }]) => [app, id])));
}

test.serial('each app is its newest deploy for this host that has not gone back', async (t) => {
  await using world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'reader', namespace: '/wanted-1' });
  const log = new Log(world);
  const reader = new WantedDeploysReader(world.client, host, undefined);
  t.deepEqual(await wanted(reader), {});
  const first = await log.add('shop');
  t.deepEqual(await wanted(reader), { shop: first });
  await log.decide(first, 'healthy');
  const blog = await log.add('blog');
  const second = await log.add('shop');
  t.deepEqual(await wanted(reader), { shop: second, blog });
  await log.decide(second, 'rolled-back');
  t.deepEqual(await wanted(reader), { shop: first, blog });
  const elsewhere = { hosts: ['web1'], manifest: { name: 'shop', hosts: 'web1' } };
  await log.add('shop', elsewhere);
  t.deepEqual(await wanted(reader), { shop: first, blog });
  t.deepEqual(await wanted(new WantedDeploysReader(world.client, host, undefined)), { shop: first, blog });
});

test.serial('a host that came later wants what was found healthy', async (t) => {
  await using world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'reader', namespace: '/wanted-2' });
  const log = new Log(world);
  const reader = new WantedDeploysReader(world.client, { name: 'web9', labels: {} }, undefined);
  const ids = [await log.add('shop'), await log.add('shop'), await log.add('shop')] as const;
  t.deepEqual(await wanted(reader), {});
  await log.decide(ids[0], 'healthy');
  await log.decide(ids[1], 'superseded');
  t.deepEqual(await wanted(reader), { shop: ids[0] });
  await log.decide(ids[2], 'healthy');
  t.deepEqual(await wanted(reader), { shop: ids[2] });
});

test.serial(
  'entries of other programs, deleted ones and newer formats are in nobody else’s way',
  async (t) => {
    await using world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'reader', namespace: '/wanted-3' });
    const log = new Log(world);
    const skipped: string[] = [];
    const reader = new WantedDeploysReader(world.client, host, (_, message) => skipped.push(message));
    const blog = await log.add('blog');
    const old = await log.add('shop');
    const next = await log.add('shop', { hosts: ['web2'] });
    await world.client.del(`/deploy/${old}/payload`);
    await log.decide(next, 'stopped');
    t.deepEqual(await wanted(reader), { blog });
    await world.client.set('/hawser/deploys/apps/new', JSON.stringify({ newest: 4 }));
    await world.addDeploy({ id: 4, payload: JSON.stringify({ hawser: 2, hosts: ['web2'] }) });
    await world.client.set('/hawser/deploys/apps/other', JSON.stringify({ newest: 5 }));
    await world.addDeploy({ id: 5, payload: 'of mgmt' });
    await world.client.set('/hawser/deploys/apps/Bad Name', JSON.stringify({ newest: 1 }));
    await world.client.set('/hawser/deploys/apps/bad-value', '{}');
    const { apps, tooNew } = await reader.read({});
    t.deepEqual([...apps.keys()], ['blog']);
    t.deepEqual([...tooNew], [['new', { id: 4, format: 2 }]]);
    t.true(skipped.some((message) => /Bad Name/.test(message)));
    t.true(skipped.some((message) => /deploy\/5/.test(message)));
  },
);

test.serial('the last healthy deploy is found although those in between were deleted', async (t) => {
  await using world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'reader', namespace: '/wanted-5' });
  const log = new Log(world);
  const reader = new WantedDeploysReader(world.client, host, undefined);
  const ids = [await log.add('shop'), await log.add('shop'), await log.add('shop')] as const;
  await log.decide(ids[0], 'healthy');
  await world.client.set('/hawser/deploys/healthy/shop', JSON.stringify({ id: ids[0] }));
  await log.decide(ids[1], 'failed');
  await log.decide(ids[2], 'failed');
  await world.client.del(`/deploy/${ids[1]}/payload`);
  t.deepEqual(await wanted(reader), { shop: ids[0] });
});

test.serial('what the hosts have to decide on is told to all of them', async (t) => {
  await using world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'reader', namespace: '/wanted-6' });
  const log = new Log(world);
  const reader = new WantedDeploysReader(world.client, host, undefined);
  const shop = await log.add('shop', { hosts: ['web0', 'web1', 'web2'], away: ['web0'] });
  const blog = await log.add('blog', { hosts: ['web1'] });
  const open = async () => (await reader.read({})).open;
  t.deepEqual(await open(), [
    { id: blog, app: 'blog', place: undefined },
    { id: shop, app: 'shop', place: 1 },
  ]);
  const record = { app: 'shop', admitted: 0, since: '' };
  const setRecord = (phase: string) =>
    world.client.set(rolloutKey(shop), JSON.stringify({ ...record, phase }));
  await log.decide(blog, 'healthy');
  for (const phase of ['running', 'going-back']) {
    await setRecord(phase);
    t.deepEqual(await open(), [{ id: shop, app: 'shop', place: 1 }], phase);
  }
  await setRecord('paused');
  t.deepEqual(await open(), [], 'that is up to a person');
});

test.serial('many apps cost three requests, and one when nothing is new', async (t) => {
  await using world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'reader', namespace: '/wanted-4' });
  const log = new Log(world);
  for (let app = 0; app < 40; app += 1) await log.add(`app-${app}`);
  const reader = new WantedDeploysReader(world.client, host, undefined);
  t.is(Object.keys(await wanted(reader)).length, 40);
  const { client } = world;
  let requests = 0;
  const counted = new Proxy(client, {
    get(target, name) {
      if (name === 'txn' || name === 'listTogether') requests += 1;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const counting = new WantedDeploysReader(counted, host, undefined);
  await counting.read({});
  t.is(requests, 3);
  await counting.read({});
  t.is(requests, 4);
});
