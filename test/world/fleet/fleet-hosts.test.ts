import test from 'ava';
import { forgetHost, listHosts, noteDestination, noteHost } from '../../../world/agents/fleet-hosts.js';
import { WorldError } from '../../../world/errors.js';
import { DirectEtcd } from '../../cli/helpers/direct-etcd.js';

const agent = { instance: 'i', startedAt: '2026-01-02T03:04:05Z', pid: 1 };

test('what the agent and what up say of a host stand beside each other', async (t) => {
  await using fleet = await DirectEtcd.start();
  await using world = fleet.world('laptop');
  const { client } = world;
  const note = (hostname: string, version: string, labels?: Record<string, string>) =>
    noteHost(client, { ...agent, hostname, version, labels });
  await t.throwsAsync(noteDestination(client, 'web1', 'root@web1'), {
    instanceOf: WorldError,
    code: 'not-found',
  });
  await note('web1', '1', { role: 'web' });
  await Promise.all([noteDestination(client, 'web1', 'root@web1'), note('web1', '2', { role: 'web' })]);
  await note('web2', '1', { role: 'db' });
  await note('web3', '1');
  const { revision } = await client.list('/hawser/hosts/');
  await Promise.all([noteDestination(client, 'web1', 'root@web1'), note('web3', '1')]);
  t.is((await client.list('/hawser/hosts/')).revision, revision, 'nothing is written where nothing differs');
  const host = { hostname: 'web1', since: agent.startedAt, version: '2', labels: { role: 'web' } };
  t.deepEqual((await listHosts(client, undefined)).get('web1'), { ...host, destination: 'root@web1' });

  const forget = (selection: string) => fleet.json(['members', 'forget', selection]);
  t.deepEqual(await forget('role=d*'), { forgotten: ['web2'] });
  const unknown = await fleet.run(['members', 'forget', 'wbe1']);
  t.is(unknown.code, 2);
  t.regex(unknown.stderr, /No host of the fleet is called wbe1 \(did you mean "web1"\?\)/);
  t.deepEqual(await forget('web1,web3'), { forgotten: ['web1', 'web3'] });
  t.is((await listHosts(client, undefined)).size, 0);
  await t.throwsAsync(forgetHost(client, 'web1'), { instanceOf: WorldError, code: 'not-found' });
});
