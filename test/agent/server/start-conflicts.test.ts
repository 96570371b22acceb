import { rm } from 'node:fs/promises';
import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import type { LocalAgent } from '../helpers/local-agent.js';
import { LocalAgents } from '../helpers/local-agents.js';

let agents: LocalAgents;
/** Not a member of the cluster. */
let newcomer: LocalAgent;

test.before(async () => {
  agents = await LocalAgents.create('3.4');
  await agents.start('h1', 'h2', 'h3');
  await agents.voting('h1', 'h2', 'h3');
  newcomer = await agents.add('newcomer');
});
test.afterEach.always(() => newcomer.destroy());
test.after.always(() => agents?.[Symbol.asyncDispose]());

/** Starts the newcomer with these flags on top of its own and gives what came of it. */
async function refused(extra: readonly string[]) {
  const from = newcomer.log.length;
  newcomer.start([], extra);
  const { code } = await newcomer.ended();
  return { code, said: newcomer.log.slice(from) };
}

test.serial('a second agent on the same prefix is refused, naming the first', async (t) => {
  const { code, said } = await refused(['--prefix', agents.agent('h1').prefix]);
  t.is(code, 1, said);
  t.regex(
    said,
    new RegExp(`An agent already runs on the prefix .* \\(pid ${agents.agent('h1').pid}, hostname h1\\)`),
  );
});

test.serial('a host whose seeds do not answer keeps trying, says so, and ends on ^C', async (t) => {
  const from = newcomer.log.length;
  const seed = `http://127.0.0.1:${await freePort()}`;
  newcomer.start([], ['--seeds', seed]);
  await newcomer.logged(new RegExp(`warn .*${seed}`), from);
  t.true(newcomer.isRunning);
  t.deepEqual(await newcomer.stop('SIGINT'), { code: 130, signal: null });
});

test.serial('a host with data of one cluster is refused by the seeds of another', async (t) => {
  newcomer.start();
  await newcomer.logged(/a new cluster/);
  await agents.etcdctlAnswers(newcomer);
  t.deepEqual(await newcomer.stop(), { code: 0, signal: null });
  const { code, said } = await refused(['--seeds', agents.agent('h1').clientUrl]);
  t.is(code, 4, said);
  t.regex(said, /belongs to the cluster [0-9a-f]+, but the seeds .* to the cluster /);
});

test.serial('a host that lost its data and its seeds does not start a cluster of its own', async (t) => {
  const before = await agents.voting('h1', 'h2', 'h3');
  const host = agents.agent('h3');
  await host.kill();
  await rm(host.prefix, { recursive: true });
  const from = host.log.length;
  host.start();
  const { code } = await host.ended();
  t.is(code, 4, host.log.slice(from));
  t.regex(host.log.slice(from), new RegExp(`--seeds.*${agents.agent('h1').clientUrl}|cluster`));
  host.start([agents.agent('h1'), agents.agent('h2')]);
  const after = await agents.voting('h1', 'h2', 'h3');
  t.deepEqual([after.get('h1'), after.get('h2')], [before.get('h1'), before.get('h2')]);
});
