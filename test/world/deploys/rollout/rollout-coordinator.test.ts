import test from 'ava';
import { type Deployment, serialiseDeployment } from '../../../../world/deploys/deploy-payload.js';
import { leadRollouts } from '../../../../world/deploys/rollout/lead-rollouts.js';
import type { RolloutRecord } from '../../../../world/deploys/rollout/rollout-record.js';
import { EtcdWorld, type Leadership } from '../../../../world/index.js';
import { Etcd } from '../../helpers/etcd.js';
import { SimulatedHost } from './simulated-host.js';
import { deploymentOf, MIGRATE, manifestOf } from './situations.js';

let etcd: Etcd;
test.before(async () => {
  etcd = await Etcd.start();
});
test.after.always(() => etcd?.[Symbol.asyncDispose]());

let fleets = 0;

/** Hosts, and a laptop that deploys to them. */
class Fleet implements AsyncDisposable {
  readonly namespace: string;
  readonly laptop: EtcdWorld;
  readonly hosts = new Map<string, SimulatedHost>();
  /** What the hosts did, in its order. */
  readonly done: string[] = [];

  static async of(...names: readonly string[]): Promise<Fleet> {
    const fleet = new Fleet();
    for (const name of names) await fleet.join(name);
    return fleet;
  }

  private constructor() {
    fleets += 1;
    this.namespace = `/rollouts-${fleets}`;
    this.laptop = EtcdWorld.create({ seeds: [etcd.url], hostname: 'laptop', namespace: this.namespace });
  }

  async join(name: string): Promise<SimulatedHost> {
    const host = await SimulatedHost.join(etcd.url, this.namespace, name, (what) => this.done.push(what));
    this.hosts.set(name, host);
    return host;
  }

  host(name: string): SimulatedHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`There is no host ${name}.`);
    return host;
  }

  /** @returns its id */
  async deploy(hosts: readonly string[], change: Partial<Deployment> = {}): Promise<number> {
    const id = (await this.laptop.getMaxDeployId()) + 1;
    const previous = (await this.laptop.getApps()).get('shop');
    const deployment = deploymentOf(hosts, { ...(previous === undefined ? {} : { previous }), ...change });
    await this.laptop.addDeploy({ id, payload: serialiseDeployment(deployment) });
    return id;
  }

  /** Waits until the rollout is so. */
  async until(id: number, isSo: (record: RolloutRecord) => boolean): Promise<RolloutRecord> {
    for await (const _ of this.laptop.watchApps({ signal: AbortSignal.timeout(60_000) })) {
      const record = await this.laptop.getRollout(id);
      if (record !== undefined && isSo(record)) return record;
    }
    throw new Error(`Deploy ${id} does not come so far: ${JSON.stringify(await this.laptop.getRollout(id))}`);
  }

  untilDecided(id: number): Promise<RolloutRecord> {
    return this.until(id, ({ phase }) => phase === 'done');
  }

  /** Waits until the hosts have told this. */
  async untilTold(id: number, isSo: (states: Record<string, string>) => boolean): Promise<void> {
    for await (const _ of this.laptop.watchReports(id, { signal: AbortSignal.timeout(60_000) })) {
      const reports = await this.laptop.getReports(id);
      if (isSo(Object.fromEntries([...reports].map(([name, { state }]) => [name, state])))) return;
    }
    throw new Error(`Deploy ${id}: the hosts do not come so far.`);
  }

  /** Waits until nobody campaigns. */
  async untilIdle(): Promise<void> {
    const prefix = '/hawser/rollouts/election/';
    const watching = { signal: AbortSignal.timeout(60_000) };
    for await (const _ of this.laptop.client.changes({ key: prefix, prefix: true }, watching))
      if ((await this.laptop.client.list(prefix)).entries.length === 0) return;
    throw new Error('Somebody goes on campaigning.');
  }

  /** The host that decides; '' when there is none. */
  async leader(): Promise<string> {
    const { entries } = await this.laptop.client.list('/hawser/rollouts/election/');
    const first = [...entries].sort((a, b) => Number(a.createRevision - b.createRevision))[0];
    return first?.value.toString() ?? '';
  }

  /** Collects each verdict that anybody writes. */
  collectVerdicts(): AsyncDisposable & { readonly all: readonly string[] } {
    const over = new AbortController();
    const all: string[] = [];
    const collect = async (): Promise<void> => {
      const request = { key: '/hawser/deploys/rollouts/', prefix: true };
      for await (const item of this.laptop.client.watch(request, { signal: over.signal })) {
        for (const { entry } of item.kind === 'events' ? item.events : []) {
          const { verdict } = JSON.parse(entry.value.toString()) as RolloutRecord;
          if (verdict !== undefined) all.push(verdict);
        }
      }
    };
    const collecting = collect();
    const dispose = (): Promise<void> => {
      over.abort();
      return collecting;
    };
    return { all, [Symbol.asyncDispose]: dispose };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.hosts.values()) await host[Symbol.asyncDispose]();
    await this.laptop.close();
  }
}

const three = ['a', 'b', 'c'];

test.serial(
  'a deploy to all at once is healthy when all are, and then nobody campaigns any more',
  async (t) => {
    await using fleet = await Fleet.of(...three, 'd', 'e');
    const id = await fleet.deploy([...three, 'd', 'e']);
    t.like(await fleet.untilDecided(id), { verdict: 'healthy', message: 'All 5 hosts are healthy.' });
    t.is(fleet.done.length, 5);
    await fleet.untilIdle();
    const healthy = await fleet.laptop.client.get('/hawser/deploys/healthy/shop');
    t.is(healthy?.value.toString(), JSON.stringify({ id }));
    const noop = await fleet.deploy(three, { noop: true });
    t.like(await fleet.untilDecided(noop), { verdict: 'healthy', message: 'All 3 hosts have verified it.' });
    t.deepEqual(healthy, await fleet.laptop.client.get('/hawser/deploys/healthy/shop'), 'nothing runs it');
  },
);

test.serial('hosts switch in batches behind a canary, after one of them has run the hook once', async (t) => {
  await using fleet = await Fleet.of(...three, 'd', 'e');
  const manifest = manifestOf({ canary: 1, batch: 2 }, MIGRATE);
  const id = await fleet.deploy([...three, 'd', 'e'], { manifest });
  t.like(await fleet.untilDecided(id), { verdict: 'healthy' });
  const [first = '', ...switches] = fleet.done;
  t.regex(first, /^[a-e] once 1$/);
  t.deepEqual(
    [switches[0], switches.slice(1, 3).sort(), switches.slice(3).sort()],
    ['a switch 1', ['b switch 1', 'c switch 1'], ['d switch 1', 'e switch 1']],
  );
});

test.serial('when a host fails, those that switched go back, and the rest never switches', async (t) => {
  await using fleet = await Fleet.of(...three);
  t.like(await fleet.untilDecided(await fleet.deploy(three)), { verdict: 'healthy' });
  fleet.done.length = 0;
  fleet.host('b').fates.set(2, 'fail');
  const id = await fleet.deploy(three, { manifest: manifestOf({ batch: 1 }) });
  t.like(await fleet.untilDecided(id), {
    ...{ verdict: 'rolled-back', goingBackTo: 'rolled-back' },
    message: 'Taken back: failed: b. b: It is failed.',
  });
  t.deepEqual(fleet.done, ['a switch 2', 'b switch 2', 'a back 2']);
  const healthy = await fleet.laptop.client.get('/hawser/deploys/healthy/shop');
  t.is(healthy?.value.toString(), '{"id":1}');
});

test.serial('the next host goes on when the one that decides dies, and there is one verdict', async (t) => {
  await using fleet = await Fleet.of(...three, 'd');
  await using verdicts = fleet.collectVerdicts();
  fleet.host('d').fates.set(1, 'hang');
  const manifest = manifestOf({ batch: 1, maxFailures: 1 });
  const id = await fleet.deploy(['d', ...three], { manifest, allowMissing: true });
  await fleet.untilTold(id, ({ d }) => d === 'applying');
  const leader = await fleet.leader();
  await fleet.host(leader).die();
  if (leader !== 'd') await fleet.host('d').die();
  const { verdict, message } = await fleet.untilDecided(id);
  t.is(verdict, 'healthy');
  t.true(
    message?.includes('lost while they switched: d.') || message?.includes('lost while they switched: d;'),
  );
  const switched = three.filter((name) => name !== leader).map((name) => `${name} switch 1`);
  t.deepEqual(fleet.done, ['d switch 1', ...switched]);
  t.not(await fleet.leader(), leader);
  t.deepEqual(verdicts.all, ['healthy']);
});

test.serial('etcd refuses what a host decides that is no longer elected', async (t) => {
  await using fleet = await Fleet.of();
  const id = await fleet.deploy([]);
  const { client } = fleet.laptop;
  const key = '/hawser/rollouts/election/1';
  await client.set(key, 'the next one');
  const { createRevision = 0n } = (await client.get(key)) ?? {};
  const leadershipOf = (revision: bigint): Leadership => ({
    ...{ key, createRevision: revision, lost: new AbortController().signal },
    fence: { key, target: 'createRevision', relation: '=', to: revision },
    proclaim: () => Promise.resolve(),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  const decide = (leadership: Leadership) =>
    leadRollouts({ client, leadership, log: undefined }, AbortSignal.timeout(30_000));
  await t.throwsAsync(decide(leadershipOf(createRevision - 1n)), {
    code: 'conflict',
    message: 'Another host was elected to decide on deploys.',
  });
  t.is(await fleet.laptop.getRollout(id), undefined);
  await decide(leadershipOf(createRevision));
  t.like(await fleet.laptop.getRollout(id), { verdict: 'healthy' });
});

test.serial('a person lets a paused deploy go on, and stops it', async (t) => {
  await using fleet = await Fleet.of(...three, 'd');
  await using verdicts = fleet.collectVerdicts();
  const { laptop } = fleet;
  for (const name of ['a', 'c']) fleet.host(name).fates.set(1, 'fail');
  const id = await fleet.deploy([...three, 'd'], { manifest: manifestOf({ batch: 1, onFailure: 'pause' }) });
  await t.throwsAsync(laptop.resumeDeploy(2), { code: 'not-found' });
  t.like(await fleet.until(id, ({ phase }) => phase === 'paused'), {
    verdict: 'paused',
    message: 'failed: a. a: It is failed.',
  });
  await fleet.untilIdle();
  await laptop.resumeDeploy(id, { by: 'ann' });
  await t.throwsAsync(laptop.resumeDeploy(id), { code: 'conflict', message: 'Deploy 1 is not paused.' });
  const again = await fleet.until(id, ({ phase, forgiven }) => phase === 'paused' && forgiven !== undefined);
  t.like(again, { forgiven: ['a'], by: 'ann' });
  t.deepEqual(fleet.done, ['a switch 1', 'b switch 1', 'c switch 1']);
  await laptop.abortDeploy(id, { by: 'bob', reason: 'wrong branch' });
  t.like(await fleet.untilDecided(id), { verdict: 'stopped', message: 'Stopped by bob: wrong branch.' });
  t.deepEqual(fleet.done.slice(3), ['b back 1']);
  t.deepEqual(verdicts.all, ['paused', 'paused', 'stopped']);
  const over = { code: 'conflict', message: /Deploy 1 has ended: it is stopped\./ };
  await t.throwsAsync(laptop.abortDeploy(id), over);
  await t.throwsAsync(laptop.resumeDeploy(id), over);
  await t.throwsAsync(laptop.confirmDeploy(id), over);
});

test.serial('a newer deploy takes the place of all before, and one that only looks of none', async (t) => {
  await using fleet = await Fleet.of(...three);
  for (const id of [1, 2]) fleet.host('a').fates.set(id, 'hang');
  const ordered = { manifest: manifestOf({ batch: 1 }) };
  const first = await fleet.deploy(three, ordered);
  await fleet.untilTold(first, ({ a }) => a === 'applying');
  const second = await fleet.deploy(three, ordered);
  t.like(await fleet.untilDecided(first), { verdict: 'superseded', message: 'Deploy 2 took its place.' });
  await fleet.untilTold(second, ({ a }) => a === 'applying');
  const noop = await fleet.deploy(three, { noop: true });
  t.like(await fleet.untilDecided(noop), { verdict: 'healthy' });
  t.like(await fleet.laptop.getRollout(second), { phase: 'running' });
  const last = await fleet.deploy(three, ordered);
  t.like(await fleet.untilDecided(last), { verdict: 'healthy' });
  t.like(await fleet.untilDecided(second), { verdict: 'superseded', message: 'Deploy 4 took its place.' });
});

test.serial('a deploy for hosts that are not there is decided when one of them comes', async (t) => {
  await using fleet = await Fleet.of('z');
  const id = await fleet.deploy(['a', 'b'], { away: ['a', 'b'], allowMissing: true });
  // That it names an entry of another app as the one before changes nothing.
  const other = await fleet.deploy(['z'], { name: 'other', manifest: { name: 'other' } });
  t.like(await fleet.untilDecided(other), { verdict: 'healthy' });
  t.is(await fleet.laptop.getRollout(id), undefined);
  await fleet.join('a');
  t.like(await fleet.untilDecided(id), {
    verdict: 'healthy',
    message: '1 of 2 hosts is healthy; not there: b.',
  });
});
