import { rm } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { hawser, lastJson } from '../../cli/helpers/hawser.js';
import { answers, appFolder, deployTo } from '../helpers/app-folder.js';
import { startAgain, startClient } from '../helpers/client-host.js';
import type { LocalAgent } from '../helpers/local-agent.js';
import { LocalAgents } from '../helpers/local-agents.js';

test.serial('a dead host is named, the deploy is not healthy without it, and it catches up', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const [h1] = (await agents.start('h1')) as [LocalAgent];
  const h2 = await startClient(agents, 'h2', [h1]);
  await agents.eventually('h2 belongs to the fleet', async () =>
    (await agents.hosts('/hawser/hosts/')).includes('h2'),
  );
  await h2.kill();
  await agents.eventually('h2 is gone', async () => !(await agents.hosts('/agents/')).includes('h2'));

  const port = await freePort();
  const run = ['sh', '-c', `[ $HAWSER_HOSTNAME = h1 ] && exec sleep 1000; exec node server.mjs one ${port}`];
  const folder = await appFolder(t, { run });
  const planned = await deployTo(h1, folder, '--plan');
  t.regex(planned.stdout, /^Deploy 1 of app to h1; h2 is away and will apply it when it is back\n/);
  const failed = await deployTo(h1, folder);
  t.is(failed.code, 5);
  t.regex(failed.stdout, /h2 +missing +Its agent is not running;/);
  t.regex(failed.stdout, /Deploy 1 of app failed\. .*h2.*--allow-missing/);
  const allowed = await deployTo(h1, folder, '--allow-missing', '--json');
  t.is(allowed.code, 0, allowed.stderr);
  t.like(lastJson(allowed.stdout), { verdict: 'healthy', away: ['h2'] });
  const status = JSON.parse((await hawser(['status', '--json', '--seeds', h1.clientUrl])).stdout);
  t.like(status.hosts[1], { hostname: 'h2', alive: false });
  t.regex(status.hosts[1].since, /^\d{4}-/);

  startAgain(h2, [h1]);
  await answers(port, 'one', h2);
  await h2.stop();

  const forget = (name: string) => hawser(['members', 'forget', name, '--seeds', h1.clientUrl]);
  t.is((await forget('h3')).code, 2);
  const lives = await forget('h1');
  t.is(lives.code, 1);
  t.regex(lives.stderr, /The agent of h1 is still running: stop it/);
  t.is((await forget('h2')).code, 0);
  const without = await deployTo(h1, folder);
  t.is(without.code, 0, without.stderr);
});

test.serial(
  'a host that comes to another fleet runs what that fleet deployed, also under the same number',
  async (t) => {
    await using first = await LocalAgents.create('3.5');
    await using second = await LocalAgents.create('3.5');
    const [a] = (await first.start('a')) as [LocalAgent];
    const [b] = (await second.start('b')) as [LocalAgent];
    await second.registered('b');
    const mover = await startClient(first, 'mover', [a]);
    const port = await freePort();
    const shape = (answer: string) => ({
      run: [
        'sh',
        '-c',
        `[ $HAWSER_HOSTNAME = mover ] || exec sleep 1000; exec node server.mjs "$(cat text)" ${port}`,
      ],
      files: { text: answer },
    });
    t.is((await deployTo(a, await appFolder(t, shape('of the first')))).code, 0);
    t.is((await deployTo(b, await appFolder(t, shape('of the second')))).code, 0);
    await answers(port, 'of the first', mover);
    await mover.stop();
    // So that it may belong to another fleet.
    await rm(path.join(mover.prefix, 'fleet.json'), { force: true });
    startAgain(mover, [b]);
    await answers(port, 'of the second', mover);
    await second.eventually('the host has reported', async () =>
      (await second.hosts('/reports/1/')).includes('mover'),
    );
  },
);
