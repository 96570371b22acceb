import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { ControlClient } from '../../../agent/control/control-client.js';
import { Client } from '../../../world/index.js';
import { CLOCK_KEY, RUNNING_PREFIX } from '../../../world/keys.js';
import { hawser } from '../../cli/helpers/hawser.js';
import type { LocalAgent } from '../helpers/local-agent.js';
import { LocalAgents } from '../helpers/local-agents.js';

let agents: LocalAgents;
let others: LocalAgents;
let h1: LocalAgent;
let stranger: LocalAgent;

test.before(async () => {
  [agents, others] = [await LocalAgents.create('3.5'), await LocalAgents.create('3.4')];
  await Promise.all([agents.start('h1', 'h2', 'h3'), others.start('stranger')]);
  await Promise.all([agents.voting('h1', 'h2', 'h3'), others.voting('stranger')]);
  (await agents.add('h4')).start(agents.agents.slice(0, 1));
  await agents.registered('h4');
  h1 = agents.agent('h1');
  stranger = others.agent('stranger');
});
test.afterEach.always(async (t) => {
  if (!t.passed) t.log(await agents.stories());
});
test.after.always(async () => {
  await agents?.[Symbol.asyncDispose]();
  await others?.[Symbol.asyncDispose]();
});

async function statusOf(agent: LocalAgent) {
  await using client = Client.create({ endpoints: [agent.clientUrl], fleet: 'any' });
  return await client.cluster.status();
}

async function fleetOf(agent: LocalAgent): Promise<{ uuid: string; generation: number }> {
  return JSON.parse(await readFile(path.join(agent.prefix, 'fleet.json'), 'utf8'));
}

async function identityOf(agent: LocalAgent) {
  const { uuid, generation } = await fleetOf(agent);
  return { uuid, generation };
}

/** Starts a host that is to refuse, and gives how it ended and what it said. */
async function refusal(agent: LocalAgent, flags = agent.flags()) {
  const from = agent.log.length;
  agent.run(flags);
  const { code } = await agent.ended();
  return { code, said: agent.log.slice(from) };
}

test.serial('all hosts of a fleet remember the same identity, for their owner only', async (t) => {
  await agents.eventually('all hosts remember their fleet', async () => {
    const found = await Promise.all(agents.agents.map((agent) => fleetOf(agent).catch(() => undefined)));
    return found.every((fleet) => fleet !== undefined && fleet.uuid === found[0]?.uuid);
  });
  const { uuid, generation } = await fleetOf(h1);
  t.is(generation, 1);
  const stored = await agents.client.get('/hawser/fleet');
  t.deepEqual(JSON.parse(stored?.value.toString() ?? ''), { uuid, generation });
  t.is((await stat(path.join(h1.prefix, 'fleet.json'))).mode & 0o777, 0o600);
  t.not((await fleetOf(stranger)).uuid, uuid);
});

test.serial(
  'the first host, started again as ever without its data after it was replaced, joins its fleet',
  async (t) => {
    const { clusterId } = await statusOf(agents.agent('h2'));
    const { uuid } = await fleetOf(h1);
    const seat = (await agents.client.cluster.members()).find(({ name }) => name === 'h1');
    await h1.kill();
    await using rest = agents.clientOf(...agents.agents.slice(1));
    await rest.cluster.memberRemove(seat?.id ?? '');
    await agents.voting('h2', 'h3', 'h4');
    for (const removed of ['etcd/data', 'etcd']) {
      await rm(path.join(h1.prefix, removed), { recursive: true });
      const from = h1.log.length;
      h1.start();
      await h1.logged(/h1 has no data and was in a fleet before: rejoining that fleet/, from);
      await agents.registered('h1');
      t.notRegex(h1.log.slice(from), /new cluster/, removed);
      t.deepEqual(await h1.etcds(), []);
      t.is((await fleetOf(h1)).uuid, uuid);
      await h1.stop();
    }
    h1.start();
    await agents.registered('h1');
    for (const name of ['h2', 'h3', 'h4'])
      t.is((await statusOf(agents.agent(name))).clusterId, clusterId, name);
  },
);

test.serial('a host whose fleet it was alone makes no other one in its place', async (t) => {
  const { uuid } = await fleetOf(stranger);
  await stranger.stop();
  const data = path.join(stranger.prefix, 'etcd', 'data');
  await rm(`${data}.kept`, { recursive: true, force: true });
  await rename(data, `${data}.kept`);
  const { code, said } = await refusal(stranger);
  t.is(code, 4, said);
  t.regex(said, new RegExp(`belongs to fleet ${uuid}, so it does not create a new cluster: pass --seeds`));
  await rename(`${data}.kept`, data);
  stranger.start();
  await others.voting('stranger');
});

test.serial('a new host without seeds is told of both ways, and starts nothing', async (t) => {
  const fresh = await others.add('fresh');
  const { code, said } = await refusal(
    fresh,
    fresh.flags().filter((flag) => flag !== '--new-cluster'),
  );
  t.is(code, 4, said);
  t.regex(said, /--seeds .*--new-cluster/);
  t.deepEqual(await fresh.etcds(), []);
});

test.serial('a host of one fleet does not join another, and changes nothing there', async (t) => {
  const h4 = agents.agent('h4');
  await h4.stop();
  const before = await others.client.list('');
  const { code, said } = await refusal(h4, h4.flags([stranger]));
  t.is(code, 4, said);
  const [ours, theirs] = [await fleetOf(h4), await fleetOf(stranger)];
  t.regex(
    said,
    new RegExp(
      `h4 refuses to join: .*${stranger.clientUrl} belongs to fleet ${theirs.uuid}.*not to fleet ${ours.uuid}`,
    ),
  );
  const after = await others.client.list('');
  t.deepEqual(
    after.entries.map(({ key }) => key),
    before.entries.map(({ key }) => key),
  );
  h4.start([h1]);
  await agents.registered('h4');
});

test.serial('no command touches either fleet when its seeds are of two; each names both', async (t) => {
  const seeds = ['--seeds', `${h1.clientUrl},${stranger.clientUrl}`, '--timeout', '5s'];
  const [ours, theirs] = await Promise.all([h1, stranger].map(identityOf));
  if (ours === undefined || theirs === undefined) return t.fail();
  // Agents tell at any moment what they run, and the time.
  const lasting = async () => {
    const lists = await Promise.all([agents, others].map(({ client }) => client.list('')));
    return lists.map(({ entries }) =>
      entries
        .filter(({ key, lease }) => lease === '0' && !key.startsWith(RUNNING_PREFIX) && key !== CLOCK_KEY)
        .map(({ key, version }) => [key, version]),
    );
  };
  const before = await lasting();
  const app = await mkdtemp(path.join(tmpdir(), 'hawser-app-'));
  t.teardown(() => rm(app, { recursive: true, force: true }));
  await writeFile(path.join(app, 'hawser.yaml'), 'name: app');
  const commands = [
    ['status'],
    ['str', 'get', 'motd'],
    ['str', 'set', 'motd', 'x'],
    ['str', 'del', 'motd'],
    ['map', 'set', 'motd', 'x'],
    ['size', '3'],
    ['members'],
    ['endpoints'],
    ['res', 'export', 'file', 'motd', 'x'],
    ['res', 'delete', 'file', 'motd'],
    ['schedule', 'add', 'backup', '--persist'],
    ['schedule', 'join', 'backup'],
    ['fs', 'put', path.join(app, 'hawser.yaml'), '/x'],
    ['fs', 'gc'],
    ['deploy', app, '--no-git', '--yes'],
    ['deploys', 'prune', '--keep', '1'],
  ];
  for (const command of commands) {
    const { code, stderr } = await hawser([...command, ...seeds]);
    t.is(code, 4, `${command.join(' ')}: ${stderr}`);
    t.true(stderr.includes(ours.uuid) && stderr.includes(theirs.uuid), stderr);
  }
  t.deepEqual(await lasting(), before);
  const named = await hawser(['status', '--json', ...seeds, '--fleet-id', ours.uuid]);
  t.deepEqual(JSON.parse(named.stdout).fleet, ours);
  t.is((await hawser(['str', 'set', 'here', 'x', ...seeds, '--fleet-id', theirs.uuid])).code, 0);
  t.is((await others.client.get('/strings/here'))?.value.toString(), 'x');
  const wrong = await hawser(['str', 'set', 'motd', 'x', '--seeds', h1.clientUrl, '--fleet-id', theirs.uuid]);
  t.is(wrong.code, 4, wrong.stderr);
  t.is(await others.client.get('/strings/motd'), undefined);
  t.is(await agents.client.get('/strings/motd'), undefined);
});

test.serial(
  'what a recovery left behind is refused, and its hosts come back to the fleet when they meet it',
  async (t) => {
    await using fleet = await LocalAgents.create('3.5');
    const [one, two, three] = await fleet.start('h1', 'h2', 'h3');
    if (one === undefined || two === undefined || three === undefined) return t.fail();
    await fleet.voting('h1', 'h2', 'h3');
    await fleet.client.set('/strings/motd', 'before');
    await fleet.eventually(
      'h3 remembers its fleet',
      async () => (await fleetOf(three).catch(() => undefined)) !== undefined,
    );
    const { uuid } = await fleetOf(three);
    await Promise.all([one.kill(), two.kill()]);
    const control = new ControlClient(path.join(three.prefix, 'agent.sock'));
    await fleet.eventually(
      'h3 has lost its quorum',
      async () => (await control.state()).server.state === 'no-quorum',
    );
    await control.rebuild({ timeoutMs: 60_000 });
    t.deepEqual(await identityOf(three), { uuid, generation: 2 });
    three.freeze();
    one.start([two]);
    two.start([one]);
    await fleet.etcdctlAnswers(one);
    const flags = ['--seeds', one.clientUrl, '--fleet-id', `${uuid}/2`, '--timeout', '5s'];
    const refused = await hawser(['str', 'set', 'motd', 'after', ...flags]);
    t.is(refused.code, 4, refused.stderr);
    t.regex(refused.stderr, new RegExp(`belongs to fleet ${uuid} .*not to fleet ${uuid}, generation 2`));
    await using left = fleet.clientOf(one);
    t.is((await left.get('/strings/motd'))?.value.toString(), 'before');

    three.thaw();
    await fleet.voting('h1', 'h2', 'h3');
    for (const host of [one, two, three])
      await fleet.eventually(`${host.name} knows generation 2 of its fleet`, async () => {
        const known = await identityOf(host);
        return known.uuid === uuid && known.generation === 2;
      });
  },
);
