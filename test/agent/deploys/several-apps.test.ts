import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { EtcdWorld } from '../../../world/index.js';
import { answerAt, answers, appFolder, deployTo, httpCheck } from '../helpers/app-folder.js';
import type { LocalAgent } from '../helpers/local-agent.js';
import { LocalAgents } from '../helpers/local-agents.js';

/** Only root can run anything as somebody else. */
const user = process.geteuid?.() === 0 ? { user: 'nobody' } : {};

test.serial('apps live side by side, and none waits for another', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const [host] = (await agents.start('h1')) as [LocalAgent];
  await agents.registered('h1');
  await using world = EtcdWorld.create({ seeds: [host.clientUrl], hostname: 'laptop' });
  const [slowPort, port] = [await freePort(), await freePort()];
  const slow = await appFolder(t, {
    ...{ name: 'slow', run: ['node', 'server.mjs', 'slow', String(slowPort)] },
    health: '{ exec: [test, -e, data/go], timeout: 5m, interval: 50ms }',
    more: { shared: ['data'] },
  });
  t.is((await deployTo(host, slow, '--no-wait')).code, 0);
  const said = async () => (await world.getReports(1)).get('h1');
  await agents.eventually('the slow one is checked', async () => (await said())?.step === 'health');

  const quick = {
    name: 'quick',
    run: ['node', 'server.mjs', 'quick', String(port)],
    health: httpCheck(port),
  };
  const folder = await appFolder(t, { ...quick, more: user });
  if (user.user !== undefined) {
    const closed = await deployTo(host, folder);
    t.is(closed.code, 5);
    t.regex(closed.stderr, /is to run as nobody, who cannot enter .*: allow that \(chmod o\+x/);
    await chmod(agents.folder, 0o711);
  }
  const deployed = await deployTo(host, folder);
  t.is(deployed.code, 0, deployed.stderr);
  t.is(await answerAt(port), 'quick');
  t.is((await said())?.step, 'health');
  await writeFile(path.join(host.prefix, 'apps', 'slow', 'shared', 'data', 'go'), '');
  await agents.eventually('the slow one is well', async () => (await said())?.state === 'healthy');

  const running = async () => (await world.getRunning()).get('h1')?.apps ?? {};
  await agents.eventually('both run', async () =>
    Object.values(await running()).every(({ processes }) => processes['main']?.state === 'running'),
  );
  const before = await running();
  t.deepEqual(Object.keys(before).sort(), ['quick', 'slow']);
  t.like(before['quick']?.processes['main'], { state: 'running', health: 'passing', restarts: 0 });
  const { pid = 0 } = before['quick']?.processes['main'] ?? {};
  const { uid } = await stat(`/proc/${pid}`);
  t.is(uid, user.user === undefined ? (process.geteuid?.() ?? 0) : 65534);
  const variables = (await readFile(`/proc/${pid}/environ`, 'latin1')).split('\0');
  for (const variable of [
    'HAWSER_APP=quick',
    'HAWSER_PROCESS=main',
    `HAWSER_RELEASE=${before['quick']?.deploy}`,
    'HAWSER_HOSTNAME=h1',
  ])
    t.true(variables.includes(variable), variable);

  const newer = { hawser: 1000, hosts: ['h1'], anything: 'else' };
  const id = (before['quick']?.deploy ?? 0) + 1;
  await agents.client.set(`/deploy/${id}/payload`, JSON.stringify(newer));
  await agents.client.set('/hawser/deploys/apps/quick', JSON.stringify({ newest: id }));
  await agents.eventually('the newer format is reported', async () => {
    const report = (await world.getReports(id)).get('h1');
    return report?.state === 'failed' && /newer release of hawser.*hawser upgrade/.test(report.message);
  });
  t.is(await answerAt(port), 'quick');

  await host.kill();
  t.deepEqual([await answerAt(port), await answerAt(slowPort)], ['', '']);
  host.start();
  await answers(port, 'quick', host);
  await answers(slowPort, 'slow', host);
  t.deepEqual((await readdir(path.join(host.prefix, 'apps'))).sort(), ['quick', 'slow']);
  await host.votes();
  await agents.eventually('the fleet knows the new processes', async () => {
    const now = (await running())['quick']?.processes['main'];
    return now?.state === 'running' && now.pid !== pid;
  });
});
