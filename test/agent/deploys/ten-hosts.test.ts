import { once } from 'node:events';
import { mkdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { HostAgent } from '../../../agent/index.js';
import { makeFleet } from '../../../world/fleet/stored-identity.js';
import { DEFAULT_NAMESPACE, EtcdWorld, type RolloutRecord } from '../../../world/index.js';
import { hawser, type Result, startHawser, temporaryFolder } from '../../cli/helpers/hawser.js';
import { Etcd } from '../../world/helpers/etcd.js';
import { type LocalAgent, patienceMs } from '../helpers/local-agent.js';
import { LocalAgents } from '../helpers/local-agents.js';

const names = Array.from({ length: 10 }, (_, index) => `h${index}`);
/** It is a process of its own, which can be killed; it takes part in deciding on deploys. */
const victimName = 'h1';

let etcds: Etcd[];
let agents: LocalAgents;
let victim: LocalAgent;
let world: EtcdWorld;
let place: string;
let seeds: string[];
const ending = new AbortController();
const running: Promise<void>[] = [];

test.before(async () => {
  etcds = await Etcd.cluster(3, ['--max-txn-ops', '512']);
  const urls = etcds.map(({ url }) => url);
  seeds = urls.flatMap((url) => ['--seeds', url]);
  world = EtcdWorld.create({ seeds: urls, hostname: 'laptop', namespace: DEFAULT_NAMESPACE });
  await makeFleet(world.client);
  agents = await LocalAgents.create('3.5');
  place = agents.folder;
  victim = await agents.add(victimName);
  startVictim();
  for (const hostname of names.filter((name) => name !== victimName)) {
    const prefix = path.join(place, hostname);
    await mkdir(prefix);
    running.push(new HostAgent({ hostname, prefix, seeds: urls, noServer: true }).run(ending.signal));
  }
  await eventually('all are there', async () => (await world.getAgents()).size === names.length);
});
test.after.always(async () => {
  ending.abort();
  await Promise.all(running);
  await world?.close();
  await agents?.[Symbol.asyncDispose]();
  await Promise.all((etcds ?? []).map((etcd) => etcd[Symbol.asyncDispose]()));
});

function startVictim(): void {
  victim.run(['--hostname', victim.name, '--prefix', victim.prefix, '--no-server', ...seeds]);
}

/** Files whose hosts tell when they begin and when they are done, and not before they may. */
async function app(folder: string, content: string): Promise<string> {
  await mkdir(folder);
  const tell = (what: string) => `echo ${what} $HAWSER_HOSTNAME >>${place}/story`;
  const verify = `${tell('begin')}; until [ -e ${place}/go ]; do sleep 0.05; done; ${tell('end')}`;
  const manifest = {
    name: 'app',
    rollout: { canary: 1, batch: 3 },
    hooks: { verify: ['sh', '-c', verify] },
  };
  await writeFile(path.join(folder, 'hawser.yaml'), JSON.stringify(manifest));
  await writeFile(path.join(folder, 'content'), content);
  return folder;
}

async function story(): Promise<string[]> {
  return (await readFile(path.join(place, 'story'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
}

/** From now on nobody goes on. */
async function holdAll(): Promise<void> {
  await Promise.all(['go', 'story'].map((name) => rm(path.join(place, name), { force: true })));
}

const letGo = (): Promise<void> => writeFile(path.join(place, 'go'), '');

/** What a command said last: one object a line. */
function lastOf({ stdout }: Result): { readonly id: number; readonly verdict: string } {
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

function current(name: string): Promise<string> {
  return readlink(path.join(place, name, 'apps/app/current')).catch(() => '');
}

async function decided(id: number): Promise<RolloutRecord | undefined> {
  await eventually(`deploy ${id} is decided`, async () => (await world.getRollout(id))?.phase === 'done');
  return world.getRollout(id);
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const until = Date.now() + patienceMs; !(await holds()); await delay(50))
    if (Date.now() > until) throw new Error(`not until now: ${what}\n${(await story()).join('\n')}`);
}

test.serial('ten hosts switch behind a canary, three at a time', async (t) => {
  await letGo();
  const folder = await app(path.join(await temporaryFolder(t), 'app'), 'one');
  const { code, stdout, stderr } = await hawser(['deploy', folder, '--no-git', '--yes', ...seeds]);
  t.is(code, 0, stdout + stderr);
  t.like(await decided(1), { verdict: 'healthy', message: 'All 10 hosts are healthy.', admitted: 10 });
  const told = await story();
  const begun = told.filter((line) => line.startsWith('begin')).map((line) => line.slice('begin '.length));
  t.deepEqual([...begun].sort(), names);
  t.deepEqual(told.slice(0, 2), ['begin h0', 'end h0']);
  for (const [from, to] of [
    [1, 4],
    [4, 7],
    [7, 10],
  ]) {
    const batch = told.slice(2 * (from ?? 0), 2 * (to ?? 0)).map((line) => line.split(' ')[1]);
    t.deepEqual([...new Set(batch)].sort(), names.slice(from, to), told.join(', '));
  }
  t.deepEqual(await Promise.all(names.map(current)), Array(10).fill('releases/1'));
});

test.serial(
  'a laptop, an agent and a server of etcd die, and the verdict is true all the same',
  async (t) => {
    await holdAll();
    const folder = await app(path.join(await temporaryFolder(t), 'app'), 'two');
    const laptop = startHawser(['deploy', folder, '--no-git', '--yes', ...seeds]);
    const died = once(laptop, 'exit');
    await eventually('the canary has begun', async () => (await story()).length > 0);
    laptop.kill('SIGKILL');
    await Promise.all([died, etcds[0]?.kill(), victim.stop('SIGKILL')]);
    await letGo();
    const record = await decided(2);
    t.is(record?.verdict, 'failed');
    t.is(record?.message, '9 of 10 hosts are healthy; not there: h1.');
    const others = names.filter((name) => name !== victimName);
    t.deepEqual(await Promise.all(others.map(current)), Array(9).fill('releases/2'));
    t.is(await current(victimName), 'releases/1');
    const waited = await hawser(['deploys', 'wait', '2', '--json', ...seeds]);
    t.is(waited.code, 5, waited.stderr);
    t.like(lastOf(waited), { id: 2, verdict: 'failed' });
    startVictim();
    await etcds[0]?.restart();
    await eventually('it has caught up', async () => (await current(victimName)) === 'releases/2');
  },
);

test.serial('of two people who deploy the same app at once, one wins, and both are told', async (t) => {
  await holdAll();
  const temporary = await temporaryFolder(t);
  const folders = [
    await app(path.join(temporary, 'ann'), 'ann'),
    await app(path.join(temporary, 'bob'), 'bob'),
  ];
  const people = folders.map((folder) => hawser(['deploy', folder, '--no-git', '--yes', '--json', ...seeds]));
  await eventually('both are in the log', async () => (await world.getMaxDeployId()) === 4);
  await eventually('the first is superseded', async () => (await world.getRollout(3))?.phase === 'done');
  await letGo();
  const ended = (await Promise.all(people)).map((result) => {
    const { id, verdict } = lastOf(result);
    return { id, verdict, code: result.code, stderr: result.stderr };
  });
  t.like(
    [...ended].sort((a, b) => a.id - b.id),
    [
      { id: 3, verdict: 'superseded', code: 5 },
      { id: 4, verdict: 'healthy', code: 0 },
    ],
  );
  t.deepEqual(await Promise.all(names.map(current)), Array(10).fill('releases/4'));
});
