import test from 'ava';
import { LocalAgents } from '../helpers/local-agents.js';
import { VoterHistory } from '../helpers/voter-history.js';

const zones = { h1: 'a', h2: 'a', h3: 'a', h4: 'b', h5: 'b', h6: 'c' } as const;
const names = Object.keys(zones) as (keyof typeof zones)[];
let agents: LocalAgents;

test.before(async () => {
  agents = await LocalAgents.create('3.5');
  for (const name of names) {
    const agent = await agents.add(name);
    const first = agents.agents.slice(0, 1).filter((other) => other !== agent);
    // One after the other, so that those of one zone are up longest.
    agent.start(first, ['--label', `zone=${zones[name]}`]);
    await agents.registered(name);
    if (first.length === 0) await agents.setSize(1);
  }
});
test.after.always(() => agents?.[Symbol.asyncDispose]());

test.serial('servers spread over the zones when a cluster grows', async (t) => {
  await agents.setSize(3);
  t.deepEqual(zonesOf(await agents.votingCount(3)), ['a', 'b', 'c']);
  await agents.setSize(5);
  t.deepEqual(zonesOf(await agents.votingCount(5)), ['a', 'a', 'b', 'b', 'c']);
});

test.serial('a cluster that shrinks gives up servers where most are', async (t) => {
  await agents.setSize(3);
  t.deepEqual(zonesOf(await agents.votingCount(3)), ['a', 'b', 'c']);
  await agents.setSize(1);
  await agents.votingCount(1);
});

test.serial('the number of voters is odd, but while the next one joins or goes', async (t) => {
  const history = new VoterHistory(agents.client);
  const steps = { 5: 5, 2: 1, 4: 3, 1: 1 } as const;
  for (const size of [5, 2, 4, 1] as const) {
    await agents.setSize(size);
    await agents.votingCount(steps[size]);
    await history.shows(steps[size]);
  }
  const counts = await history.stop();
  const seen = counts.map(({ voters }) => voters);
  t.log(counts.map(({ voters, lastedMs }) => `${voters} for ${lastedMs} ms`).join(', '));
  t.is(seen.at(-1), 1);
  // Each turning point is a place where the cluster rests.
  const turns = seen.filter((voters, index) => isTurn(seen[index - 1], voters, seen[index + 1]));
  t.deepEqual(turns, [1, 5, 1, 3, 1]);
});

function isTurn(before: number | undefined, now: number, after: number | undefined): boolean {
  return before === undefined || after === undefined || before < now !== now < after;
}

function zonesOf(voters: readonly string[]): string[] {
  return names
    .filter((name) => voters.includes(name))
    .map((name) => zones[name])
    .sort();
}
