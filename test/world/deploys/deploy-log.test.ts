import test from 'ava';
import { EtcdWorld, WorldError } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { bench, losingAnswer, take, takeKeys } from '../helpers/fleet.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

test.serial('a deploy whose answer is lost is added once and succeeds', async (t) => {
  const on = await bench(t, etcd);
  const { client, direct } = on;
  const world = new EtcdWorld(client, 'h1');
  for (let id = 1; id <= 10; id += 1) {
    const parentHash = id === 1 ? '' : `hash ${id - 1}`;
    const add = (): Promise<void> => world.addDeploy(id, `hash ${id}`, parentHash, `payload ${id}`);
    await losingAnswer(on, `/deploy/${id}/payload`, add);
  }
  const log = new EtcdWorld(direct, 'h2');
  t.is(await log.getMaxDeployId(), 10);
  for (let id = 1; id <= 10; id += 1) t.is(await log.getDeploy(id), `payload ${id}`);
  const { entries } = await direct.list('/deploy/');
  t.true(entries.every((entry) => entry.version === 1n));
});

test.serial('a deploy whose answer is lost does not pass off a rival for its own', async (t) => {
  const { client, direct, link } = await bench(t, etcd);
  const world = new EtcdWorld(client, 'h1');
  await new EtcdWorld(direct, 'h2').addDeploy(1, '', '', 'the rival');
  void link.answered().then(() => link.cut());
  await t.throwsAsync(world.addDeploy(1, '', '', 'ours'), { instanceOf: WorldError, code: 'conflict' });
});

test.serial('a deploy whose outcome stayed unknown may be added again, and is there once', async (t) => {
  const { client, direct, link } = await bench(t, etcd);
  const world = new EtcdWorld(client, 'h1');
  const rival = new EtcdWorld(direct, 'h2');
  const seen = direct.watch({ key: '/deploy/1/payload' });
  await take(seen);
  await client.get('/deploy/1/payload');
  link.loseAnswers();
  const add = world.addDeploy(1, 'a', '', 'one', { timeoutMs: 500 });
  const failure = t.throwsAsync(add, { instanceOf: WorldError, code: 'outcome-unknown' });
  await takeKeys(seen, 1);
  link.down();
  await failure;
  link.up();
  await t.throwsAsync(world.addDeploy(1, 'b', '', 'one'), { instanceOf: WorldError, code: 'conflict' });
  await t.throwsAsync(rival.addDeploy(1, 'a', '', 'one'), { instanceOf: WorldError, code: 'conflict' });
  await t.notThrowsAsync(world.addDeploy(1, 'a', '', 'one'));
  t.is((await direct.get('/deploy/1/payload'))?.version, 1n);
  await seen.return?.();
});

test.serial('a deploy that was interrupted may be added again, and is there once', async (t) => {
  const on = await bench(t, etcd);
  const world = new EtcdWorld(on.client, 'h1');
  const interrupted = new AbortController();
  const seen = on.direct.watch({ key: '/deploy/1/payload' });
  await take(seen);
  await on.client.get('/deploy/1/payload');
  on.link.loseAnswers();
  const add = world.addDeploy(1, '', '', 'one', { signal: interrupted.signal });
  const failure = t.throwsAsync(add, { message: 'enough' });
  await takeKeys(seen, 1);
  interrupted.abort(new Error('enough'));
  await failure;
  on.link.cut();
  await t.notThrowsAsync(world.addDeploy(1, '', '', 'one'));
  await t.throwsAsync(world.addDeploy(1, '', '', 'one'), { instanceOf: WorldError, code: 'conflict' });
  t.is((await on.direct.get('/deploy/1/payload'))?.version, 1n);
  await seen.return?.();
});

test.serial(
  'deployers who race over links that are cut each get every id of theirs exactly once',
  async (t) => {
    const { direct } = await bench(t, etcd);
    const benches = await Promise.all(['a', 'b', 'c'].map(() => bench(t, etcd)));
    const namespace = '/race';
    const added: string[] = [];
    const deployer = async (name: string, { link }: (typeof benches)[number]): Promise<void> => {
      await using world = EtcdWorld.create({ seeds: [link.url], hostname: name, namespace });
      for (let done = 0; done < 10; ) {
        const payload = `${name} ${done}`;
        if (done % 3 === 0) void link.answered().then(() => link.cut());
        try {
          await world.addDeploy((await world.getMaxDeployId()) + 1, '', '', payload);
          added.push(payload);
          done += 1;
        } catch (error) {
          if (!(error instanceof WorldError) || error.code !== 'conflict') throw error;
        }
      }
    };
    await Promise.all(benches.map((each, index) => deployer(`d${index}`, each)));
    await using log = EtcdWorld.create({ seeds: [etcd.url], hostname: 'h', namespace });
    const deploys = await log.getDeploys();
    t.deepEqual(
      [...deploys.keys()],
      Array.from({ length: 30 }, (_, index) => index + 1),
    );
    t.deepEqual([...deploys.values()].sort(), added.sort());
    t.is(direct.endpoints.length, 1);
  },
);

test.serial('a deploy may be given as one object, with its hashes or without', async (t) => {
  const { direct } = await bench(t, etcd);
  const world = new EtcdWorld(direct, 'h1');
  await world.addDeploy({ id: 1, payload: 'one', hash: 'a' });
  const other = world.addDeploy({ id: 2, payload: 'two', hash: 'b', parentHash: 'x' });
  await t.throwsAsync(other, { instanceOf: WorldError, code: 'conflict' });
  await world.addDeploy({ id: 2, payload: 'two', hash: 'b', parentHash: 'a' });
  await world.addDeploy({ id: 3, payload: 'three' });
  t.deepEqual([...(await world.getDeploys()).values()], ['one', 'two', 'three']);
  t.is(await world.getDeployHash(3), '');
});
