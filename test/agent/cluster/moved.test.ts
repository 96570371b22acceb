import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import type { LocalAgent } from '../helpers/local-agent.js';
import { LocalAgents } from '../helpers/local-agents.js';

/** The same host, as it comes back at another address. */
async function moved(agents: LocalAgents, { name, prefix, clientUrl }: LocalAgent): Promise<LocalAgent> {
  return agents.add(name, { prefix, clientUrl, serverUrl: `http://127.0.0.1:${await freePort()}` });
}

test('hosts that come back at other addresses tell the cluster, which then bears the loss of the one that stayed', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const [stays, ...moving] = await agents.start('h1', 'h2', 'h3');
  if (stays === undefined) return t.fail();
  const before = await agents.voting('h1', 'h2', 'h3');
  await Promise.all(moving.map((agent) => agent.kill()));
  const back: LocalAgent[] = [];
  for (const agent of moving) back.push(await moved(agents, agent));
  for (const agent of back) agent.start([stays]);
  await Promise.all(back.map((agent) => agent.votes()));
  const members = await agents.client.cluster.members();
  t.deepEqual(new Map(members.map(({ name, id }) => [name, id] as const).sort()), before);
  for (const { name, serverUrl } of back)
    t.deepEqual(members.find((member) => member.name === name)?.peerUrls, [serverUrl]);
  for (const agent of back) t.regex(agent.log, /moved from http:\S+ to http:\S+: updating the cluster/);
  stays.freeze();
  await using client = agents.clientOf(...back);
  await client.set('/still', 'writable', { repeatable: true, timeoutMs: 30_000 });
  stays.thaw();
});

test('a host that comes back at another address hears of a leader that did so too', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const [stays, first, last] = await agents.start('h1', 'h2', 'h3');
  if (stays === undefined || first === undefined || last === undefined) return t.fail();
  const before = await agents.voting('h1', 'h2', 'h3');
  await Promise.all([first.kill(), last.kill()]);
  const leading = await moved(agents, first);
  leading.start([stays]);
  await leading.votes();
  await agents.eventually('h2 leads', async () => {
    const { leader, memberId } = await agents.client.cluster.status(leading.clientUrl);
    if (leader !== memberId) await agents.client.cluster.moveLeader(memberId);
    return leader === memberId;
  });
  const back = await moved(agents, last);
  back.start([stays]);
  await back.votes();
  t.deepEqual(await agents.voting('h1', 'h2', 'h3'), before);
});
