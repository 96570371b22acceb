import test, { type ExecutionContext } from 'ava';
import { type Client, EtcdWorld, type ScheduledResult } from '../../../world/index.js';
import { campaign, leader } from '../../../world/internal.js';
import { until } from '../conformance/scheduler.js';
import { newFleet } from '../conformance/subject.js';
import { Etcd } from '../helpers/etcd.js';
import { etcdctl } from '../helpers/etcdctl.js';
import { take, takeKeys } from '../helpers/fleet.js';
import { Link } from '../helpers/link.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

const election = '/scheduler/election';

interface Fleet {
  readonly warnings: string[];
  /** What was said at the level `info`; the latter resolves at the next. */
  readonly infos: string[];
  readonly nextInfo: () => Promise<void>;
  open(hostname: string, url?: string): EtcdWorld;
}

function fleet(t: ExecutionContext): Fleet {
  const namespace = newFleet();
  const warnings: string[] = [];
  const infos: string[] = [];
  const waiting: (() => void)[] = [];
  return {
    warnings,
    infos,
    nextInfo: () => new Promise((resolve) => waiting.push(resolve)),
    open: (hostname, url = etcd.url) => {
      const log = (level: string, message: string) => {
        if (level === 'warn') warnings.push(message);
        if (level !== 'info') return;
        infos.push(message);
        for (const resolve of waiting.splice(0)) resolve();
      };
      const world = EtcdWorld.create({ seeds: [url], hostname, namespace, log });
      t.teardown(() => world.close());
      return world;
    },
  };
}

async function linked(t: ExecutionContext): Promise<Link> {
  const link = await Link.to(etcd.port);
  t.teardown(() => link[Symbol.asyncDispose]());
  return link;
}

function iterate(decisions: AsyncIterable<ScheduledResult>): AsyncIterator<ScheduledResult> {
  return decisions[Symbol.asyncIterator]();
}

/** Waits until this host decides, for which there has to be something to decide. */
async function elected(client: Client, hostname: string): Promise<void> {
  await stand(client, 'somebody', '', 'beside');
  for await (const _ of client.watch({ key: `${election}/`, prefix: true }))
    if ((await leader(client, election))?.value.toString() === hostname) return;
}

/** Makes a host a candidate that needs no session, as another program would. */
function stand(client: Client, hostname: string, options: string, namespace = 'job'): Promise<void> {
  return client.set(`/scheduler/hostname/${hostname}/${namespace}`, options);
}

test.serial(
  'a host that died leaves within its TTL and a second, also when it was the one that decided; back, it returns',
  async (t) => {
    const { open } = fleet(t);
    const link = await linked(t);
    const dying = open('h1', link.url);
    const living = open('h2');
    const options = { sessionTtlSeconds: 2 };
    const theirs = iterate(dying.scheduler('job', options));
    await until(t, theirs, ['h1']);
    const seen = iterate(living.scheduler('job', options));
    await until(t, seen, ['h1', 'h2']);
    link.blackHole();
    // A lease for as long as it may take, which nobody renews: what is bound to it must go last.
    const granted = await etcdctl(etcd, 'lease', 'grant', '3');
    const lease = BigInt(`0x${/lease (\w+) granted/.exec(granted)?.[1]}`).toString();
    await living.client.set('/reference', '', { lease });
    await until(t, seen, ['h2']);
    t.not(await living.client.get('/reference'), undefined);
    t.is((await leader(living.client, election))?.value.toString(), 'h2');
    link.cut();
    link.heal();
    await until(t, seen, ['h1', 'h2']);
  },
);

test.serial('what a frozen leader decided before it was followed is refused when it arrives', async (t) => {
  const { open } = fleet(t);
  const link = await linked(t);
  const frozen = open('h1', link.url);
  const successor = open('h2');
  const watcher = open('watcher');
  const chosen = new Promise<void>((resolve) => {
    frozen.registerStrategy('mine', () => {
      // Its decision is on its way now, and gets stuck.
      link.blackHole();
      resolve();
      return ['a'];
    });
  });
  successor.registerStrategy('mine', () => ['b']);
  const running = frozen.schedulerRun();
  await elected(watcher.client, 'h1');
  await stand(watcher.client, 'a', 'strategy=mine&maxCount=1');
  await chosen;
  await stand(watcher.client, 'b', 'strategy=mine&maxCount=1');
  const seen = iterate(watcher.scheduled('job'));
  const next = successor.schedulerRun();
  await until(t, seen, ['b']);
  const answered = link.answered();
  link.heal();
  await answered;
  await frozen.client.get('/anything');
  const decision = await watcher.client.get('/scheduler/schedule/job');
  t.is(decision?.value.toString(), 'b');
  t.is(decision?.version, 1n);
  await Promise.all([successor.close(), frozen.close()]);
  await Promise.all([running, next]);
});

test.serial('a decision that holds is kept when another host comes to decide', async (t) => {
  const { open } = fleet(t);
  const first = open('h1');
  const second = open('h2');
  const { client } = open('watcher');
  const seen = iterate(second.scheduled('job'));
  const options = 'strategy=capacity&maxCount=1&capacity=';
  await stand(client, 'a', `${options}10`);
  const stop = new AbortController();
  const running = first.schedulerRun({ signal: stop.signal });
  await until(t, seen, ['a']);
  await stand(client, 'b', `${options}12`);
  const before = await client.get('/scheduler/schedule/job');
  const next = second.schedulerRun();
  stop.abort();
  await running;
  await elected(client, 'h2');
  const other = iterate(second.scheduled('other'));
  await stand(client, 'z', 'maxCount=1', 'other');
  await until(t, other, ['z']);
  t.deepEqual(await client.get('/scheduler/schedule/job'), before);
  await stand(client, 'b', `${options}13`);
  await until(t, seen, ['b']);
  await second.close();
  await next;
});

test.serial(
  'bad keys are named in a warning and break no schedule; a decision that was tampered with is restored',
  async (t) => {
    const { open, warnings } = fleet(t);
    const host = open('h1');
    const { client } = host;
    const bad = [
      ['/scheduler/hostname/bad/job', 'maxCount=many'],
      ['/scheduler/hostname/x,y/job', 'maxCount=1'],
      ['/scheduler/hostname/alone', ''],
      ['/scheduler/hostname/a/b/c', ''],
      ['/scheduler/schedule/a/b', 'a'],
    ] as const;
    for (const [key, value] of bad) await client.set(key, value);
    await client.set('/scheduler/data/h1/job/data', 'of mgmt, for later');
    await stand(client, 'zed', 'strategy=unheard-of', 'odd');
    await stand(client, 'good', 'maxCount=5');
    const seen = iterate(host.scheduler('job', { maxCount: 5 }));
    await until(t, seen, ['good', 'h1']);
    for (const [key] of bad) t.is(warnings.filter((warning) => warning.includes(key)).length, 1, key);
    t.true(warnings.some((warning) => warning.includes('"odd"') && warning.includes('unheard-of')));
    await client.set('/scheduler/schedule/job', 'intruder');
    await until(t, seen, ['good', 'h1']);
    await client.del('/scheduler/schedule/job');
    await until(t, seen, ['good', 'h1']);
    await client.del('/scheduler/hostname/good/job');
    await until(t, seen, ['h1']);
    t.deepEqual(
      (await host.schedules()).map(({ namespace }) => namespace),
      ['job', 'odd'],
    );
  },
);

test.serial('a session that somebody revoked costs the candidate nothing but a moment', async (t) => {
  const { open } = fleet(t);
  const host = open('h1');
  const seen = iterate(host.scheduler('job', { sessionTtlSeconds: 1 }));
  await until(t, seen, ['h1']);
  const key = '/scheduler/hostname/h1/job';
  const entry = await host.client.get(key);
  const changes = host.client.watch({ key });
  await take(changes);
  await etcdctl(etcd, 'lease', 'revoke', BigInt(entry?.lease ?? '0').toString(16));
  await takeKeys(changes, 2);
  await changes.return?.();
  const again = await host.client.get(key);
  t.truthy(again);
  t.not(again?.lease, entry?.lease);
  await until(t, iterate(host.scheduled('job')), ['h1']);
});

test.serial('many schedules are decided beside each other, each by its own strategy', async (t) => {
  const { open } = fleet(t);
  const host = open('h1');
  const seen = iterate(host.scheduled('job-29'));
  t.deepEqual((await seen.next()).value, { hosts: [] });
  const running = host.schedulerRun();
  await Promise.all(
    Array.from({ length: 30 }, (_, index) => stand(host.client, 'a', 'maxCount=1', `job-${index}`)),
  );
  await until(t, seen, ['a']);
  await stand(host.client, 'b', 'strategy=alpha&maxCount=2', 'job-29');
  await until(t, seen, ['a', 'b']);
  const schedules = await host.schedules();
  t.is(schedules.length, 30);
  await host.close();
  await running;
});

test.serial('a host that leaves when nobody decides sees to it that no decision names it', async (t) => {
  const { open } = fleet(t);
  const host = open('h1');
  const { client } = open('watcher');
  const idle = await campaign(client, election, 'idle');
  await client.set('/scheduler/schedule/job', 'h1');
  const seen = iterate(host.scheduler('job'));
  await until(t, seen, ['h1']);
  const gone = client.watch({ key: '/scheduler/hostname/h1/job' });
  await gone.next();
  const leaving = seen.return?.();
  await gone.next();
  await idle.close();
  await leaving;
  t.deepEqual((await client.list('/scheduler/')).entries, []);
});

test.serial(
  'a program that goes by the value of the election does not decide beside a host of its name',
  async (t) => {
    const { open, infos, nextInfo } = fleet(t);
    const ours = open('h1');
    const { client } = open('watcher');
    const running = ours.schedulerRun();
    await elected(client, 'h1');
    const said = nextInfo();
    const session = await client.session({ ttlSeconds: 60 });
    const theirs = `${election}/${BigInt(session.lease).toString(16)}`;
    // As mgmt writes it.
    await client.set(theirs, 'h1', { lease: session.lease });
    await said;
    for await (const _ of client.changes({ key: `${election}/`, prefix: true }))
      if ((await leader(client, election))?.value.toString() !== 'h1') break;
    t.not((await leader(client, election))?.key, theirs, 'it is still ours that was elected');
    t.deepEqual(infos, [
      'another program also campaigns as h1; this one was elected and decides the schedules',
    ]);
    const seen = iterate(open('h2').scheduled('beside'));
    await until(t, seen, ['somebody']);
    await ours.close();
    await running;
  },
);

test.serial(
  'a host decides nothing while another program is elected under its name, and says so once',
  async (t) => {
    const { open, infos, nextInfo } = fleet(t);
    const { client } = open('watcher');
    const theirs = await campaign(client, election, 'h1');
    const said = nextInfo();
    const ours = open('h1');
    const running = ours.schedulerRun();
    await stand(client, 'somebody', '');
    await said;
    t.is(await client.get('/scheduler/schedule/job'), undefined);
    t.is(infos.length, 1);
    t.regex(infos[0] ?? '', /^another program was elected as h1 .* this one decides nothing$/);
    const seen = iterate(open('h2').scheduled('job'));
    await theirs.close();
    await until(t, seen, ['somebody']);
    t.is(infos.length, 1);
    await ours.close();
    await running;
  },
);
