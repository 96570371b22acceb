import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { EtcdWorld } from '../../../world/index.js';
import { temporaryFolder } from '../../cli/helpers/hawser.js';
import { appFolder, deployTo } from '../helpers/app-folder.js';
import { startAgain, startClient } from '../helpers/client-host.js';
import type { LocalAgent } from '../helpers/local-agent.js';
import { LocalAgents } from '../helpers/local-agents.js';

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
    return JSON.parse(stdout).id;
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

  const back = await deploy('back', { hosts: 'h1' });
  await runsOn(`h1 ${back}`);
  t.deepEqual(await world.schedules(), []);
});
