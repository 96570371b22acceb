import { once } from 'node:events';
import { readFile, rename } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { hawser } from '../../cli/helpers/hawser.js';
import { isLong } from '../../tunnel/lossless/faults.js';
import { answerAt, answers, appFolder, deployTo, httpCheck } from '../helpers/app-folder.js';
import type { LocalAgent } from '../helpers/local-agent.js';
import { LocalAgents } from '../helpers/local-agents.js';

let agents: LocalAgents;
let host: LocalAgent;

test.before(async () => {
  agents = await LocalAgents.create('3.5');
  [host] = (await agents.start('h1')) as [LocalAgent];
  await agents.registered('h1');
});
test.after.always(() => agents?.[Symbol.asyncDispose]());

test.serial('an app without a check that ends within five seconds was not healthy', async (t) => {
  const folder = await appFolder(t, { run: ['sh', '-c', 'sleep 1; exit 3'], settle: '' });
  const { code, stderr } = await deployTo(host, folder);
  t.is(code, 5);
  t.regex(stderr, /h1: failed: The app did not become healthy: it exited \(exit code 3\)/);
});

test.serial('an app whose port somebody else holds is not healthy, and who holds it is said', async (t) => {
  const stranger = createServer((_, response) => response.end('stranger')).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  t.teardown(() => stranger.close());
  const { port } = stranger.address() as AddressInfo;
  const who = new RegExp(`port ${port} is held by process ${process.pid} \\(.+\\), not by the app`);

  const dies = await appFolder(t, {
    run: ['node', 'server.mjs', 'ours', String(port)],
    health: httpCheck(port),
  });
  const died = await deployTo(host, dies);
  t.is(died.code, 5);
  t.regex(died.stderr, who);

  const health = `{ tcp: "localhost:${port}", timeout: 300ms, interval: 50ms }`;
  const stays = await appFolder(t, { run: ['sleep', '1000'], health });
  const stayed = await deployTo(host, stays);
  t.is(stayed.code, 5);
  t.regex(stayed.stderr, who);

  const proxied = await appFolder(t, {
    run: ['sleep', '1000'],
    health: httpCheck(port, ', answered-by: anyone'),
  });
  const { code, stderr } = await deployTo(host, proxied);
  t.is(code, 0, stderr);
  // Without the stranger that release is not well any more, which is waited for where it is gone back to.
  t.is((await deployTo(host, await appFolder(t, { run: ['sleep', '1000'] }))).code, 0);
});

test.serial(
  'an app that ends while it settles was not healthy, however well it answered before',
  async (t) => {
    const port = await freePort();
    const program = `import { createServer } from 'node:http';
createServer((_, response) => {
  response.end('for a moment');
  setTimeout(() => process.exit(7), 100);
}).listen(${port}, '127.0.0.1');`;
    const folder = await appFolder(t, {
      run: ['node', 'brief.mjs'],
      health: httpCheck(port),
      settle: '20s',
      files: { 'brief.mjs': program },
    });
    const { code, stderr } = await deployTo(host, folder);
    t.is(code, 5);
    t.regex(stderr, /it exited \(exit code 7\)/);
  },
);

const shapes = {
  'a shell that stays in front of it': (port: number) => ['sh', '-c', `node server.mjs one ${port}; true`],
  'a script of the release': (port: number) => ['./start', 'one', String(port)],
  'a program with a session of its own': (port: number) => [
    'sh',
    '-c',
    `setsid node server.mjs one ${port} & wait`,
  ],
  'a daemon without a parent': (port: number) => [
    'sh',
    '-c',
    `(setsid sh -c "node server.mjs one ${port} & exit") & exec sleep 1000`,
  ],
  'a program with another environment': (port: number) => [
    'sh',
    '-c',
    `env -i "$(command -v node)" server.mjs one ${port}; true`,
  ],
};

// The others are as easily found as these.
const hardest: readonly string[] = ['a daemon without a parent', 'a program with another environment'];

for (const [what, run] of Object.entries(shapes)) {
  if (!isLong && !hardest.includes(what)) continue;
  test.serial(`what an app has started goes with it, also when its agent is killed: ${what}`, async (t) => {
    const port = await freePort();
    const first = await deployTo(host, await appFolder(t, { run: run(port), health: httpCheck(port) }));
    t.is(first.code, 0, first.stderr);
    t.is(await answerAt(port), 'one');

    await host.stop('SIGKILL');
    host.start();
    await host.logged(/killing orphaned app processes/);
    await answers(port, 'one', host);
    await agents.voting('h1');

    const second = await appFolder(t, {
      run: ['node', 'server.mjs', 'two', String(port)],
      health: httpCheck(port),
    });
    const { code, stderr } = await deployTo(host, second);
    t.is(code, 0, stderr);
    t.is(await answerAt(port), 'two');
  });
}

test.serial('an app whose program is missing for a while is started when it is back', async (t) => {
  const port = await freePort();
  const run = ['./start', 'back', String(port)];
  const { code, stderr } = await deployTo(host, await appFolder(t, { run, health: httpCheck(port) }));
  t.is(code, 0, stderr);
  const program = path.join(host.prefix, 'apps', 'app', 'current', 'start');
  await rename(program, `${program}.away`);
  const from = host.log.length;
  const { roots } = JSON.parse(await readFile(path.join(host.prefix, 'apps.pid'), 'utf8'));
  process.kill(roots[0].pid, 'SIGKILL');
  await host.logged(/process main of app \(deploy \d+\) exited \(SIGKILL\)/, from);
  await host.logged(
    /process main of app \(deploy \d+\) could not be started \(.*ENOENT.*\); restarting it/,
    from,
  );
  t.is(await answerAt(port), '');
  await rename(`${program}.away`, program);
  await answers(port, 'back', host);
});

test.serial(
  'status says of an app that keeps ending how often and with what, and not that it runs',
  async (t) => {
    const program = 'setTimeout(() => process.exit(7), 600);';
    const run = ['node', 'loop.mjs'];
    const folder = await appFolder(t, { run, files: { 'loop.mjs': program } });
    const { code, stderr } = await deployTo(host, folder);
    t.is(code, 0, stderr);
    await agents.eventually('the app was started again twice', async () => {
      const { stdout } = await hawser(['status', '--json', '--seeds', host.clientUrl]);
      return /restarted [2-9] times/.test(JSON.parse(stdout).hosts[0]?.apps[0]?.problem ?? '');
    });
    // Between two ends the app runs, and status says so.
    await agents.eventually('status shows it as down', async () => {
      const { stdout } = await hawser(['status', '--seeds', host.clientUrl]);
      return (
        /^h1 +up +voter .* app \d+ \(down\)$/m.test(stdout) &&
        /^deploy \d+ app: healthy$/m.test(stdout) &&
        /app \(deploy \d+\) is not well on h1 since .*exited \(exit code 7\), restarted/.test(stdout)
      );
    });
  },
);
