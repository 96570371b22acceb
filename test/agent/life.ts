import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { EtcdVersion } from '../../fixtures/fleet/etcd-binary.js';
import type { LocalAgent } from './local-agent.js';
import { LocalAgents } from './local-agents.js';
import { SteadyWriter } from './steady-writer.js';

const everyone = ['h1', 'h2', 'h3', 'h4', 'h5'];
let agents: LocalAgents;

/** What a cluster goes through in its life, seen from outside; each test goes on from where the last one ended. */
export function testLife(version: EtcdVersion, { rounds }: { readonly rounds: number }): void {
  test.before(async () => {
    agents = await LocalAgents.create(version);
    await agents.start(...everyone);
    await agents.voting(...everyone);
  });
  test.after.always(() => agents?.[Symbol.asyncDispose]());

  test.serial(
    'writers see no failure while five servers become three and one, the leader among those that go',
    async (t) => {
      const writer = SteadyWriter.start(agents.agents);
      await leadByTheYoungest();
      await agents.setSize(3);
      await agents.votingCount(3);
      await leadByTheYoungest();
      await agents.setSize(1);
      await agents.votingCount(1);
      const report = await writer.stop();
      t.log(
        `${report.acknowledged} writes, ${report.failures.length} failed, longest gap ${report.longestGapMs} ms`,
      );
      t.deepEqual(report.failures, []);
      t.deepEqual(report.lost, []);
      for (const agent of agents.agents) {
        const isVoter = (await agents.hosts('/endpoints/')).includes(agent.name);
        t.is((await agent.etcds()).length, isVoter ? 1 : 0, `${agent.name} runs an etcd only while it votes`);
      }
    },
  );

  test.serial('a snapshot is taken before each change, and can be restored', async (t) => {
    const snapshots = await snapshotFiles();
    t.true(snapshots.length > 0);
    for (const snapshot of snapshots) {
      t.is((await stat(snapshot)).mode & 0o777, 0o600);
      t.regex(
        await agents.etcdctl(agents.agent('h1'), 'snapshot', 'status', snapshot),
        /^[0-9a-f]+, \d+, \d+, /,
      );
    }
  });

  test.serial(`servers come and go ${rounds} times on the same ports`, async (t) => {
    await agents.client.set('/kept', 'from the beginning');
    for (let round = 1; round <= rounds; round += 1) {
      await agents.setSize(3);
      await agents.votingCount(3);
      await agents.setSize(1);
      await agents.votingCount(1);
    }
    t.is((await agents.client.get('/kept'))?.value.toString(), 'from the beginning');
    for (const agent of agents.agents) {
      t.true(agent.isRunning);
      t.notRegex(agent.log, / error |address already in use|unequal/);
    }
  });

  test.serial('the endpoint of a host that leaves in order is gone before its agent is', async (t) => {
    await agents.setSize(5);
    await agents.votingCount(5);
    for (const name of ['h5', 'h4']) {
      t.deepEqual(await agents.agent(name).stop(), { code: 0, signal: null });
      t.false((await agents.hosts('/endpoints/')).includes(name));
      t.deepEqual(agents.agent(name).processes(), []);
    }
    await agents.voting('h1', 'h2', 'h3');
  });

  test.serial(
    'the endpoint of a killed host goes with its session, and the host comes back as itself',
    async (t) => {
      const before = await agents.voting('h1', 'h2', 'h3');
      const host = agents.agent('h3');
      const gone = goneWithSession(t, 'h3');
      await host.kill();
      t.true(await gone);
      host.start([agents.agent('h1'), agents.agent('h2')]);
      t.deepEqual(await agents.voting('h1', 'h2', 'h3'), before);
    },
  );

  test.serial('a host that was removed while it was away moves its data aside and joins again', async (t) => {
    const before = await agents.voting('h1', 'h2', 'h3');
    const host = agents.agent('h2');
    await host.kill();
    await agents.client.memberRemove(before.get('h2') ?? '');
    host.start([agents.agent('h1'), agents.agent('h3')]);
    const after = await agents.voting('h1', 'h2', 'h3');
    t.not(after.get('h2'), before.get('h2'));
    t.true(existsSync(path.join(host.prefix, 'etcd', 'data.old')));
  });

  test.serial('after all hosts are killed at once, all come back as themselves', async (t) => {
    const before = await agents.voting('h1', 'h2', 'h3');
    await agents.client.set('/kept', 'until the power failed');
    const hosts = ['h1', 'h2', 'h3'].map((name) => agents.agent(name));
    await Promise.all(hosts.map((host) => host.kill()));
    for (const host of hosts) host.start(hosts.filter((other) => other !== host));
    t.deepEqual(await agents.voting('h1', 'h2', 'h3'), before);
    t.is((await agents.client.get('/kept'))?.value.toString(), 'until the power failed');
  });

  test.serial('a change that would cost the quorum waits, and the log says why', async (t) => {
    const dead = agents.agent('h3');
    const logLengths = agents.agents.map(({ log }) => log.length);
    await dead.kill();
    const writer = SteadyWriter.start([agents.agent('h1'), agents.agent('h2')]);
    await agents.setSize(1);
    await agents.votingCount(1);
    const report = await writer.stop();
    t.deepEqual([report.failures, report.lost], [[], []]);
    const since = agents.agents.map(({ log }, index) => log.slice(logLengths[index])).join('\n');
    t.regex(since, /h3[^\n]*(does not answer|is not well|unreachable|quorum)/i);
  });

  test.serial(
    'size zero drains the cluster, last server last, and a later start brings it back with its data',
    async (t) => {
      agents.agent('h3').start([agents.agent('h1'), agents.agent('h2')]);
      await agents.setSize(3);
      await agents.voting('h1', 'h2', 'h3');
      await agents.client.set('/kept', 'through the drain');
      await agents.setSize(0);
      await agents.eventually('no server is left', async () => (await servers()).length === 0);
      const drained = agents.agents.filter(({ prefix }) => existsSync(path.join(prefix, 'etcd', 'drained')));
      t.is(drained.length, 1);
      const [last] = drained;
      if (last === undefined) return;
      t.true(existsSync(path.join(last.prefix, 'etcd', 'data', 'member', 'wal')));
      t.true(['h1', 'h2', 'h3'].every((name) => agents.agent(name).isRunning));
      await last.stop();
      last.start([], ['--ideal-cluster-size', '3']);
      await agents.voting('h1', 'h2', 'h3');
      t.is((await agents.client.get('/kept'))?.value.toString(), 'through the drain');
    },
  );
}

/** Makes the host that has volunteered last lead, for it is the first that has to go. */
async function leadByTheYoungest(): Promise<void> {
  const [{ members }, { entries }] = await Promise.all([agents.look(), agents.client.list('/volunteer/')]);
  const age = new Map(
    entries.map(({ key, createRevision }) => [key.slice('/volunteer/'.length), createRevision]),
  );
  const [youngest] = [...members].sort((a, b) => Number((age.get(b.name) ?? 0n) - (age.get(a.name) ?? 0n)));
  if (youngest === undefined) throw new Error('there are no members');
  const { leader } = await agents.client.status();
  if (leader !== youngest.id) await agents.client.moveLeader(youngest.id);
}

/** Whether the endpoint of a host goes no later than the entry that says that its agent lives. */
async function goneWithSession(t: ExecutionContext, name: string): Promise<boolean> {
  const deleted = new Map<string, bigint>();
  const since = performance.now();
  for await (const item of agents.client.watch({ key: '/', prefix: true })) {
    if (item.kind !== 'events') continue;
    for (const { type, entry } of item.events)
      if (type === 'delete') deleted.set(entry.key, entry.modRevision);
    const endpoint = deleted.get(`/endpoints/${name}`);
    const agent = deleted.get(`/agents/${name}`);
    if (agent === undefined) continue;
    t.log(`the keys of a killed host were gone after ${((performance.now() - since) / 1000).toFixed(1)} s`);
    return endpoint !== undefined && endpoint <= agent;
  }
  return false;
}

async function servers(): Promise<LocalAgent[]> {
  const counts = await Promise.all(agents.agents.map((agent) => agent.etcds()));
  return agents.agents.filter((_, index) => (counts[index]?.length ?? 0) > 0);
}

async function snapshotFiles(): Promise<string[]> {
  const found = agents.agents.map(async ({ prefix }) => {
    const folder = path.join(prefix, 'etcd', 'snapshots');
    const names = await readdir(folder).catch(() => []);
    return names.filter((name) => name.endsWith('.db')).map((name) => path.join(folder, name));
  });
  return (await Promise.all(found)).flat();
}
