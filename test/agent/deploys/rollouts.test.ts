import { readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { EtcdWorld, type RolloutRecord } from '../../../world/index.js';
import { temporaryFolder } from '../../cli/helpers/hawser.js';
import { appFolder, deployTo } from '../helpers/app-folder.js';
import { startClient } from '../helpers/client-host.js';
import type { LocalAgent } from '../helpers/local-agent.js';
import { LocalAgents } from '../helpers/local-agents.js';

test.serial(
  'hosts switch one after the other, and all go back when one fails or nobody confirms',
  async (t) => {
    await using agents = await LocalAgents.create('3.5');
    const [h1] = (await agents.start('h1')) as [LocalAgent];
    const hosts = [h1, await startClient(agents, 'h2', [h1]), await startClient(agents, 'h3', [h1])];
    await using world = EtcdWorld.create({ seeds: [h1.clientUrl], hostname: 'laptop' });
    const story = path.join(await temporaryFolder(t), 'story');
    const tell = (what: string) => `echo "${what} $HAWSER_HOSTNAME" >> ${story}`;
    /** Deploys from a laptop that is closed as soon as the deploy is in the log. */
    const deploy = async (rollout: object, hooks: Record<string, string> = {}): Promise<number> => {
      const run = Object.entries(hooks).map(([name, script]) => [name, ['sh', '-c', script]] as const);
      const folder = await appFolder(t, { more: { rollout, hooks: Object.fromEntries(run) } });
      const { stdout, stderr } = await deployTo(h1, folder, '--no-wait', '--json');
      t.regex(stdout, /"id"/, stderr);
      return JSON.parse(stdout).id;
    };
    const decided = async (id: number): Promise<RolloutRecord | undefined> => {
      await agents.eventually(
        `deploy ${id} is decided`,
        async () => (await world.getRollout(id))?.phase === 'done',
      );
      return world.getRollout(id);
    };
    const current = () =>
      Promise.all(hosts.map(({ prefix }) => readlink(path.join(prefix, 'apps/app/current'))));

    const first = await deploy({});
    t.like(await decided(first), { verdict: 'healthy', message: 'All 3 hosts are healthy.' });
    t.deepEqual(await current(), Array(3).fill('releases/1'));

    const failing = await deploy(
      { batch: 1 },
      { once: tell('once'), verify: `${tell('verify')}; [ $HAWSER_HOSTNAME != h3 ]` },
    );
    t.like(await decided(failing), { verdict: 'rolled-back', admitted: 3 });
    const [once = '', ...verified] = (await readFile(story, 'utf8')).trim().split('\n');
    t.regex(once, /^once h[123]$/);
    t.deepEqual(verified, ['verify h1', 'verify h2', 'verify h3']);
    t.deepEqual(await current(), Array(3).fill('releases/1'));
    const states = [...(await world.getReports(failing)).values()].map(({ state }) => state);
    t.deepEqual(states, ['rolled-back', 'rolled-back', 'failed']);

    const unconfirmed = await deploy({ confirm: '1s' });
    t.like(await decided(unconfirmed), { verdict: 'rolled-back' });
    t.deepEqual(await current(), Array(3).fill('releases/1'));

    const confirmed = await deploy({ confirm: '10m' });
    await agents.eventually('all wait for a person', async () => {
      const reports = [...(await world.getReports(confirmed)).values()];
      return reports.length === 3 && reports.every(({ step }) => step === 'confirm');
    });
    await world.confirmDeploy(confirmed, { by: 'ann' });
    t.like(await decided(confirmed), { verdict: 'healthy', by: 'ann' });
    t.deepEqual(await current(), Array(3).fill(`releases/${confirmed}`));
  },
);
