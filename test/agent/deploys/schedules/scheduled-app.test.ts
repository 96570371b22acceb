import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { EtcdWorld } from '../../../../world/index.js';
import { hawser, temporaryFolder } from '../../../cli/helpers/hawser.js';
import { appFolder, deployTo } from '../../helpers/app-folder.js';
import { startAgain, startClient } from '../../helpers/client-host.js';
import type { LocalAgent } from '../../helpers/local-agent.js';
import { LocalAgents } from '../../helpers/local-agents.js';

/** The last of the objects in lines: the result. */
function lastOf(stdout: string) {
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

test.serial('a schedule decides where an app runs, and moves it when a host is gone', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const [h1] = (await agents.start('h1')) as [LocalAgent];
  const h2 = await startClient(agents, 'h2', [h1]);
  const h3 = await startClient(agents, 'h3', [h1]);
  await using world = EtcdWorld.create({ seeds: [h1.clientUrl], hostname: 'laptop' });
  const story = path.join(await temporaryFolder(t), 'story');
  const told = async () => (await readFile(story, 'utf8')).trim().split('\n');
  const tell = (what: string) => ['sh', '-c', `echo "${what} $HAWSER_HOSTNAME" >> ${story}; exec sleep 1000`];
  const deploy = async (what: string, more: object): Promise<number> => {
    const hooks = { stop: ['sh', '-c', `echo "stop $HAWSER_HOSTNAME" >> ${story}`] };
    const folder = await appFolder(t, { run: tell(what), more: { ...more, hooks } });
    const { code, stdout, stderr } = await deployTo(h1, folder, '--json');
    t.is(code, 0, stdout + stderr);
    return lastOf(stdout).id;
  };
  const runs = async (): Promise<string[]> =>
    [...(await world.getRunning())].flatMap(([host, { apps }]) =>
      apps['app'] ? `${host} ${apps['app'].deploy}` : [],
    );
  const runsOn = (...expected: readonly string[]) =>
    agents.eventually(`it runs on ${expected.join()}`, async () => (await runs()).join() === expected.join());

  const schedule = { namespace: 'web', 'max-count': 1, strategy: 'rr' };
  const everywhere = await deploy('everywhere', {});
  await runsOn(`h1 ${everywhere}`, `h2 ${everywhere}`, `h3 ${everywhere}`);

  // Narrowed to hosts of which one will be killed.
  const first = await deploy('first', { schedule, hosts: 'h2,h3' });
  const [chosen = ''] = (await world.scheduledGet('web')).hosts;
  t.deepEqual((await world.getRollout(first))?.hosts, [chosen]);
  await runsOn(`h1 ${everywhere}`, `${chosen} ${first}`);
  const ask = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await hawser([...args, '--seeds', h1.clientUrl]);
    t.is(code, 0, stdout + stderr);
    return stdout;
  };
  t.regex(await ask('apps'), new RegExp(`\\napp: the schedule "web" has chosen ${chosen}\\.\\n`));
  t.like(JSON.parse(await ask('apps', '--json'))[0], {
    schedule: { namespace: 'web', maxCount: 1, strategy: 'rr', chosen: [chosen] },
  });
  const shown = await ask('deploys', 'show', String(first));
  t.regex(
    shown,
    new RegExp(`runs on  at most 1 of h2, h3, as the schedule "web" decides \\(now ${chosen}\\)`),
  );
  t.regex(shown, new RegExp(`\\n${chosen} +healthy`));
  t.notRegex(shown, /\nh[23] +(waiting|missing)/);
  const [host, other] = chosen === 'h2' ? [h2, h3] : [h3, h2];
  t.true((await told()).includes(`stop ${other.name}`));

  await host.kill();
  await agents.eventually('it moves', async () => (await runs()).includes(`${other.name} ${first}`));
  startAgain(host, [h1]);
  await runsOn(`h1 ${everywhere}`, `${other.name} ${first}`);
  t.deepEqual((await world.scheduledGet('web')).hosts, [other.name]);

  const wider = await deploy('wider', { schedule: { ...schedule, 'max-count': 9 } });
  t.deepEqual((await world.getRollout(wider))?.hosts, ['h1', 'h2', 'h3']);
  await runsOn(`h1 ${wider}`, `h2 ${wider}`, `h3 ${wider}`);

  const change = ['--yes', '--json'];
  const restarted = lastOf(await ask('restart', 'app', 'h2', ...change));
  t.like(restarted, { verdict: 'healthy', hosts: [{ hostname: 'h2' }] });
  await runsOn(`h1 ${wider}`, `h2 ${restarted.id}`, `h3 ${wider}`);
  t.regex(await ask('deploys', 'show', String(first)), /as the schedule "web" decides \(now h1, h2, h3\)/);

  const rolledBack = lastOf(await ask('rollback', String(first), ...change));
  t.is(rolledBack.hosts.length, 1, 'at most one again');
  await runsOn(`${rolledBack.hosts[0].hostname} ${rolledBack.id}`);

  const back = await deploy('back', { hosts: 'h1' });
  await runsOn(`h1 ${back}`);
  await agents.eventually('nobody offers to run it', async () => (await world.schedules()).length === 0);

  await deploy('again', { schedule });
  await ask('remove', 'app', '--yes');
  await runsOn();
});
