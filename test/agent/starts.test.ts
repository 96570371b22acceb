import test from 'ava';
import { LocalAgents } from './helpers/local-agents.js';
import { SteadyWriter } from './helpers/steady-writer.js';

const names = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7', 'h8', 'h9', 'h10'];
let agents: LocalAgents;

test.before(async () => {
  agents = await LocalAgents.create('3.5');
});
test.after.always(() => agents?.[Symbol.asyncDispose]());

test.serial(
  'ten hosts that start in the same second all end in the right place, without an error',
  async (t) => {
    await agents.start(...names);
    await agents.registered(...names);
    const voters = await agents.votingCount(5);
    for (const agent of agents.agents) {
      t.true(agent.isRunning);
      t.notRegex(agent.log, / error |unequal|warn .*(ended|failed)/);
      t.is((await agent.etcds()).length, voters.includes(agent.name) ? 1 : 0);
    }
  },
);

test.serial(
  'a second host of the same name is refused with where the first runs, and the cluster does not notice',
  async (t) => {
    const before = await agents.client.cluster.members();
    const writer = SteadyWriter.start(agents.agents);
    const second = await agents.add('twin');
    for (const name of ['h1', 'h10']) {
      second.start(agents.agents.slice(0, 3), ['--hostname', name]);
      t.deepEqual(await second.ended(), { code: 1, signal: null });
      t.regex(
        second.log,
        new RegExp(`"${name}" is already running on 127.0.0.1:.*pid ${agents.agent(name).pid},`),
      );
      t.deepEqual(second.processes(), []);
    }
    const report = await writer.stop();
    t.deepEqual([report.failures, report.lost], [[], []]);
    t.deepEqual(await agents.client.cluster.members(), before);
  },
);

test.serial('a host without a server is a client only, also where a place is free', async (t) => {
  await Promise.all(names.slice(2).map((name) => agents.agent(name).stop()));
  const client = await agents.add('client');
  client.start(agents.agents.slice(0, 2), ['--no-server']);
  await agents.registered('client');
  await agents.votingCount(1);
  t.deepEqual(await agents.hosts('/volunteer/'), ['h1', 'h2']);
  t.deepEqual(await client.etcds(), []);
  t.deepEqual(await client.stop(), { code: 0, signal: null });
});
