import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { EtcdVersion } from '../../../fixtures/fleet/install/etcd-binary.js';
import { signalProcesses } from '../../../fixtures/fleet/processes/processes.js';
import type { Member } from '../../../world/index.js';
import { leader } from '../../../world/internal.js';
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
      for (const size of [3, 1]) {
        const leaving = await leadByTheYoungest();
        await agents.setSize(size);
        await agents.votingCount(size);
        const id = BigInt(leaving.id).toString(16);
        const handedOver = new RegExp(`leadership transfer finished.*"old-leader-member-id":"${id}"`);
        t.regex(
          await readFile(path.join(agents.agent(leaving.name).prefix, 'etcd/etcd.log'), 'utf8'),
          handedOver,
        );
      }
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
      t.regex(await agents.snapshotTool('status', snapshot), /^[0-9a-f]+, \d+, \d+, /);
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

  test.serial('a removal that would cost the quorum waits, and the log says why', async (t) => {
    await agents.voting('h1', 'h2', 'h3');
    const elected = agents.agent((await leader(agents.client, '/chooser/election'))?.value.toString() ?? '');
    const first = await youngest();
    const hanging = agents.agents.find((agent) => agent !== elected && agent.name !== first.name);
    const from = elected.log.length;
    const server = (await hanging?.etcds()) ?? [];
    await using client = agents.clientOf(elected);
    signalProcesses(server, 'SIGSTOP');
    await agents.setSize(1, client);
    await elected.logged(new RegExp(`removing ${first.name} .*majority: ${hanging?.name} `), from);
    t.is((await client.cluster.members()).length, 3);
    signalProcesses(server, 'SIGCONT');
    await agents.votingCount(1);
    await agents.setSize(3);
    await agents.voting('h1', 'h2', 'h3');
  });

  test.serial(
    'size zero drains the cluster, last server last, and a later start brings it back with its data',
    async (t) => {
      await agents.setSize(3);
      await agents.voting('h1', 'h2', 'h3');
      await agents.client.set('/kept', 'through the drain');
      const from = performance.now();
      const since = () => ((performance.now() - from) / 1000).toFixed(1);
      await agents.setSize(0);
      await agents.eventually('no server is left', async () => (await servers()).length === 0);
      t.log(`drained after ${since()} s`);
      const drained = agents.agents.filter(({ prefix }) => existsSync(path.join(prefix, 'etcd', 'drained')));
      t.is(drained.length, 1);
      const [last] = drained;
      if (last === undefined) return;
      t.true(existsSync(path.join(last.prefix, 'etcd', 'data', 'member', 'wal')));
      t.true(['h1', 'h2', 'h3'].every((name) => agents.agent(name).isRunning));
      await last.stop();
      t.log(`stopped after ${since()} s`);
      last.start([], ['--ideal-cluster-size', '3']);
      await agents.voting('h1', 'h2', 'h3');
      t.is((await agents.client.get('/kept'))?.value.toString(), 'through the drain');
    },
  );

  test.serial('the endpoint of a killed host goes no later than its session', async (t) => {
    const host = agents.agent('h3');
    const gone = goneWithSession(t, 'h3');
    await host.kill();
    t.true(await gone);
    host.start([agents.agent('h1'), agents.agent('h2')]);
    await agents.voting('h1', 'h2', 'h3');
  });

  test.serial('a host that is killed and starts again comes back as itself', async (t) => {
    const before = await agents.voting('h1', 'h2', 'h3');
    const host = agents.agent('h3');
    await host.kill();
    host.start([agents.agent('h1'), agents.agent('h2')]);
    await host.votes();
    t.deepEqual(await agents.voting('h1', 'h2', 'h3'), before);
  });

  test.serial('a host that was removed while it was away moves its data aside and joins again', async (t) => {
    const before = await agents.voting('h1', 'h2', 'h3');
    const host = agents.agent('h2');
    await host.kill();
    await removed(before.get('h2') ?? '');
    host.start([agents.agent('h1'), agents.agent('h3')]);
    await host.votes();
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
    await Promise.all(hosts.map((host) => host.votes()));
    t.deepEqual(await agents.voting('h1', 'h2', 'h3'), before);
    t.is((await agents.client.get('/kept'))?.value.toString(), 'until the power failed');
  });
}

/** The voter that has volunteered last, which is the first that has to go. */
async function youngest(): Promise<Member> {
  const [{ members }, { entries }] = await Promise.all([agents.look(), agents.client.list('/volunteer/')]);
  const age = new Map(
    entries.map(({ key, createRevision }) => [key.slice('/volunteer/'.length), createRevision]),
  );
  const [last] = [...members].sort((a, b) => Number((age.get(b.name) ?? 0n) - (age.get(a.name) ?? 0n)));
  if (last === undefined) throw new Error('there are no members');
  return last;
}

async function leadByTheYoungest(): Promise<Member> {
  const member = await youngest();
  const { leader: leading } = await agents.client.cluster.status();
  if (leading !== member.id) await agents.client.cluster.moveLeader(member.id);
  return member;
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

/** Removes a member as an operator does, again and again, for whoever leads may have been killed a moment ago. */
async function removed(memberId: string): Promise<void> {
  await agents.eventually('the member is removed', async () => {
    if (!(await agents.look()).members.some(({ id }) => id === memberId)) return true;
    await agents.client.cluster.memberRemove(memberId, { timeoutMs: 2_000 });
    return false;
  });
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
