import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { AGENT_PROTOCOL } from '../../../agent/constants.js';
import { packageVersion } from '../../../base/package-version.js';
import { warnOfOtherVersions } from '../../../cli/versions/warn-of-other-versions.js';
import { type Agent, registerAgent } from '../../../world/agents/registered-agents.js';
import { EtcdWorld } from '../../../world/index.js';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { shown, startHawser } from '../helpers/hawser.js';

const same: Agent = {
  hostname: 'web1',
  instance: 'a',
  version: packageVersion(),
  protocol: AGENT_PROTOCOL,
  startedAt: '2026-01-01T00:00:00Z',
  pid: 1,
};
const newer = { ...same, hostname: 'web2', version: '99.0.0\u001b[2J', protocol: AGENT_PROTOCOL + 1 };

test('A command says once that agents are newer, and goes on as if they were not', async (t) => {
  await using direct = await DirectEtcd.start();
  await using world = direct.world('controller');
  const session = await world.client.session({});
  await registerAgent(world.client, same, session);
  const alone = await direct.run(['str', 'set', 'key', 'first']);
  t.deepEqual({ code: alone.code, stderr: alone.stderr }, { code: 0, stderr: '' });
  await registerAgent(world.client, newer, session);

  const watching = startHawser(['str', 'watch', 'key', '--seeds', direct.etcd.url]);
  t.teardown(() => watching.kill('SIGKILL'));
  if (watching.stdout === null || watching.stderr === null) throw new TypeError('both outputs are pipes');
  const outputs = Promise.all([text(watching.stdout), text(watching.stderr)]);
  await Promise.all([shown(watching.stdout, /first/), shown(watching.stderr, /web2/)]);
  await world.strSet('key', 'second');
  await shown(watching.stdout, /second/);
  const exited = once(watching, 'exit');
  watching.kill('SIGINT');
  await exited;
  const [stdout, stderr] = await outputs;
  t.is(stdout, 'first\nsecond\n');
  const { version, protocol } = { version: packageVersion(), protocol: AGENT_PROTOCOL };
  t.is(
    stderr,
    `hawser: web2 runs hawser 99.0.0\\e[2J (protocol ${protocol + 1}), which this hawser (${version}, protocol ${protocol}) does not fully support: update it with "npm install -g hawser".\n`,
  );

  const brief = await direct.run(['str', 'get', 'key']);
  t.is(brief.stdout, 'second\n');
  t.regex(brief.stderr, /^hawser: web2 runs hawser 99/);
  const status = await direct.run(['status']);
  t.deepEqual(status.stderr.match(/web2 runs/g), ['web2 runs']);

  const json = await direct.run(['str', 'get', 'key', '--json']);
  t.is(json.code, 0);
  t.is(json.stderr, '');
  t.notThrows(() => JSON.parse(json.stdout));
});

test('A fleet that does not answer is for the command itself to speak of', async (t) => {
  const world = EtcdWorld.create({ seeds: ['http://127.0.0.1:1'], hostname: 'controller' });
  const said: string[] = [];
  const log = (_: string, message: string) => void said.push(message);
  warnOfOtherVersions(world, log)[Symbol.dispose]();
  const check = warnOfOtherVersions(world, log);
  await world.close();
  await check.settled(new AbortController().signal);
  // A rejection that nobody handles would be noticed by now.
  await setImmediate();
  t.deepEqual(said, []);
});
