import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { testedEtcd } from '../../../fixtures/fleet/install/etcd-binary.js';
import { createFleet, type EtcdVersion, type Fleet, type Host } from '../../../fixtures/index.js';
import type { SshWorld } from '../../../world/index.js';
import { leader } from '../../../world/internal.js';
import { openWorld } from '../../cli/helpers/hawser.js';

let fleet: Fleet;
let world: SshWorld;

/** Waits until so many hosts publish an endpoint, which a host does while it votes. @returns their names. */
async function serving(count: number): Promise<string[]> {
  const signal = AbortSignal.timeout(60_000);
  let found: string[] = [];
  for await (const _ of world.client.watch({ key: '/endpoints/', prefix: true }, { signal })) {
    const { entries } = await world.client.list('/endpoints/', { signal });
    found = entries.map(({ key }) => key.slice('/endpoints/'.length)).sort();
    if (found.length === count) return found;
  }
  const logs = await Promise.all(fleet.hosts.map(async (host) => `${host.name}: ${await host.agentLog()}`));
  throw new Error(`${found.join()} serve instead of ${count}:\n${logs.join('\n')}`);
}

async function voters(): Promise<string[]> {
  const members = await world.members();
  return members
    .filter(({ isLearner }) => !isLearner)
    .map(({ name }) => name)
    .sort();
}

/** Waits until the host's agent has written a line that matches, after it had written `before` characters. */
async function logged(host: Host, expected: RegExp, before = 0): Promise<void> {
  const until = Date.now() + 60_000;
  while (!expected.test((await host.agentLog()).slice(before))) {
    if (Date.now() > until)
      throw new Error(`no ${expected} in the log of ${host.name}:\n${await host.agentLog()}`);
    await delay(100);
  }
}

/** How a cluster of agents behaves, the same for each version of etcd; one version for each test file. */
export function testCluster(etcd: EtcdVersion): void {
  test.before(async () => {
    fleet = await createFleet({ hosts: 3, backend: 'containers', etcd: testedEtcd(etcd) });
    world = await openWorld(fleet);
  });
  test.after.always(async () => {
    await world?.close();
    await fleet?.close();
  });

  test.serial('three agents that start together form one cluster of three voters', async (t) => {
    t.deepEqual(await serving(3), ['h1', 'h2', 'h3']);
    t.deepEqual(await voters(), ['h1', 'h2', 'h3']);
    for (const { advertised, own } of (await world.members()).map((member) => ({
      advertised: member.clientUrls,
      own: fleet.host(member.name).clientUrl,
    }))) {
      t.deepEqual(advertised, [own]);
    }
  });

  test.serial('the agents decide schedules, one of them at a time', async (t) => {
    t.true((await world.schedulerAdd('job', { sessionTtlSeconds: 60 })).changed);
    for await (const { hosts } of world.scheduled('job')) if (hosts.length > 0) break;
    const elected = (await leader(world.client, '/scheduler/election'))?.value.toString();
    t.true(['h1', 'h2', 'h3'].includes(elected ?? ''));
    t.true((await world.schedulerWithdraw('job')).changed);
    for await (const { hosts } of world.scheduled('job')) if (hosts.length === 0) break;
  });

  test.serial(
    'an agent that ends in order leaves the cluster, without a lost write, and joins again afresh',
    async (t) => {
      const host = fleet.host('h1');
      const writes = Array.from({ length: 20 }, (_, index) => world.strSet(`leaving/${index}`, 'x'));
      await Promise.all([host.stopAgent('SIGTERM'), ...writes]);
      // Two could bear no loss more than one.
      const [left, ...others] = await serving(1);
      t.true(left === 'h2' || left === 'h3');
      t.deepEqual(others, []);
      await host.startAgent(['--seeds', `${fleet.host('h2').clientUrl},${fleet.host('h3').clientUrl}`]);
      await serving(3);
      t.deepEqual(await voters(), ['h1', 'h2', 'h3']);
      t.is(await world.strGet('leaving/19'), 'x');
    },
  );

  test.serial('an agent whose processes are killed comes back as the same member', async (t) => {
    const idOf = async () => (await world.members()).find(({ name }) => name === 'h3')?.id;
    const before = await idOf();
    const host = fleet.host('h3');
    const written = (await host.agentLog()).length;
    await host.stopAgent('SIGKILL');
    t.is((await host.exec(['pgrep', 'etcd'])).stdout, '', 'the kernel ends etcd with the agent');
    await host.startAgent();
    await logged(host, /h3 is a voting member/, written);
    await serving(3);
    t.is(await idOf(), before);
    t.notRegex((await host.agentLog()).slice(written), /joining the cluster/);
  });

  test.serial(
    'a member that was removed while it was away moves its data aside and joins again',
    async (t) => {
      const host = fleet.host('h3');
      const written = (await host.agentLog()).length;
      await host.stopAgent('SIGKILL');
      const member = (await world.members()).find(({ name }) => name === 'h3');
      await world.client.cluster.memberRemove(member?.id ?? '');
      await host.startAgent();
      await logged(host, /h3 is a voting member/, written);
      await serving(3);
      t.not((await world.members()).find(({ name }) => name === 'h3')?.id, member?.id);
      t.is((await host.exec(['test', '-d', '/var/lib/hawser/etcd/data.old'])).code, 0);
    },
  );
}
