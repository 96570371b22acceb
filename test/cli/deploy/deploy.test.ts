import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { startFleet, type TestFleet } from '../../../testing/index.js';
import { connectionFlags, hawser, lastJson, shown, startHawser, temporaryFolder } from '../helpers/hawser.js';

const prefix = '/var/lib/hawser';

let fleet: TestFleet;
let flags: string[];

test.before(async () => {
  // Releases go to a file system of 4 MB, so that a full disk can be tried without harm to etcd.
  fleet = await startFleet({
    hosts: 2,
    servers: 1,
    agents: true,
    backend: 'containers',
    disks: { [`${prefix}/apps`]: 4_000_000 },
  });
  flags = connectionFlags(fleet);
});
test.after.always(() => fleet?.close());

/** An app directory; its app answers with its version, and is as healthy as `health` says. */
async function app(t: ExecutionContext, version: string, health = '[node, check.mjs]'): Promise<string> {
  const folder = await temporaryFolder(t);
  const manifest = [
    'name: app',
    'run: [node, app.mjs]',
    'settle: 200ms',
    `health: { exec: ${health}, timeout: 5s, interval: 100ms }`,
  ];
  await writeFile(path.join(folder, 'hawser.yaml'), manifest.join('\n'));
  await writeFile(
    path.join(folder, 'app.mjs'),
    `import { createServer } from 'node:http';
console.log('this is version ${version}');
createServer((_, response) => response.end('${version}')).listen(8080, '127.0.0.1');`,
  );
  await writeFile(
    path.join(folder, 'check.mjs'),
    `process.exitCode = (await (await fetch('http://127.0.0.1:8080')).text()) === '${version}' ? 0 : 1;`,
  );
  return folder;
}

function deploy(folder: string, ...more: string[]) {
  return hawser(['deploy', folder, '--no-git', '--yes', ...more, ...flags]);
}

async function current(name: string): Promise<string> {
  return (await fleet.host(name).exec(['readlink', `${prefix}/apps/app/current`])).stdout.trim();
}

async function answer(name: string): Promise<string> {
  const script = "fetch('http://127.0.0.1:8080').then((r) => r.text()).then(console.log)";
  return (await fleet.host(name).exec(['node', '-e', script])).stdout.trim();
}

test.serial('a deploy reaches every host, is healthy on each, and is listed with its message', async (t) => {
  const { code, stdout, stderr } = await deploy(await app(t, 'one'), '--json', '--message', 'the first');
  t.is(code, 0, stderr);
  const { id, verdict, hosts } = lastJson(stdout);
  t.like({ id, verdict }, { id: 1, verdict: 'healthy' });
  t.deepEqual(
    hosts.map(({ hostname, state }: Record<string, string>) => [hostname, state]),
    [
      ['h1', 'healthy'],
      ['h2', 'healthy'],
    ],
  );
  for (const name of ['h1', 'h2']) {
    t.is(await current(name), 'releases/1');
    t.is(await answer(name), 'one');
  }
  const list = JSON.parse((await hawser(['deploys', 'list', '--json', ...flags])).stdout);
  t.like(list[0], { id: 1, app: 'app', message: 'the first', hash: '', verdict: 'healthy' });
  const files = await hawser(['fs', 'ls', '--fs', `deploy/${list[0].tree}`, ...flags]);
  t.true(files.stdout.split('\n').includes('app.mjs'), files.stderr);
});

test.serial('the same again is nothing to do, unless it is to be started again', async (t) => {
  const folder = await app(t, 'one');
  const again = await deploy(folder);
  t.is(again.code, 0, again.stderr);
  t.regex(again.stdout, /^Deploy 1 of app is this already\. .*--restart/);
  const apps = JSON.parse((await hawser(['apps', '--json', ...flags])).stdout);
  t.like(apps[0], { app: 'app', newest: 1, verdict: 'healthy' });
  t.deepEqual(
    apps[0].hosts.map(({ hostname, deploy: id, state }: Record<string, unknown>) => [hostname, id, state]),
    [
      ['h1', 1, 'well'],
      ['h2', 1, 'well'],
    ],
  );
  const status = await hawser(['status', '--json', ...flags]);
  t.is(status.code, 0, status.stdout);
  t.like(JSON.parse(status.stdout), { ok: true, problems: [] });
  t.like(JSON.parse(status.stdout).hosts[0].apps[0], { app: 'app', deploy: 1, state: 'well' });
});

test.serial('an app that dies is started again', async (t) => {
  const pidOf = async () => (await fleet.host('h1').exec(['pgrep', '-f', 'app.mjs'])).stdout.trim();
  const before = await pidOf();
  t.regex(before, /^\d+$/);
  await fleet.host('h1').exec(['kill', '-9', before]);
  const until = Date.now() + 30_000;
  while ((await answer('h1')) !== 'one') if (Date.now() > until) throw new Error('the app did not come back');
  t.not(await pidOf(), before);
  t.regex(
    await fleet.host('h1').agentLog(),
    /process main of app \(deploy 1\) exited \(SIGKILL\); restarting it/,
  );
});

test.serial(
  'a deploy that does not become healthy is taken back on every host, and the output of the app is shown',
  async (t) => {
    const { code, stdout, stderr } = await deploy(await app(t, 'two', '[node, -e, process.exit(7)]'));
    t.is(code, 5);
    t.regex(stdout, /h[12] +failed +health +The app did not become healthy.*Deploy 1 is running again/);
    t.regex(stdout, /Deploy 2 of app failed and was taken back: the hosts run what they ran before\./);
    t.regex(stderr, /\| this is version two/);
    for (const name of ['h1', 'h2']) {
      t.is(await current(name), 'releases/1');
      t.is(await answer(name), 'one');
      t.is((await fleet.host(name).exec(['ls', `${prefix}/apps/app/releases`])).stdout, '1\n');
    }
  },
);

test.serial('an app that cannot be started fails with the reason', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(path.join(folder, 'hawser.yaml'), 'name: app\nrun: [no-such-program]\n');
  const { code, stderr } = await deploy(folder);
  t.is(code, 5);
  t.regex(stderr, /this host has no program no-such-program in its PATH/);
  t.is(await answer('h1'), 'one');
});

test.serial('a full disk fails the deploy with that reason and leaves nothing half done', async (t) => {
  const folder = await app(t, 'big');
  const { randomBytes } = await import('node:crypto');
  await writeFile(path.join(folder, 'ballast'), randomBytes(6_000_000));
  const { code, stderr } = await deploy(folder);
  t.is(code, 5);
  t.regex(stderr, /disk is full.*deploy 1 is still running/i);
  t.is(await current('h1'), 'releases/1');
  t.is((await fleet.host('h1').exec(['ls', '-A', `${prefix}/apps/app/releases`])).stdout, '1\n');
  t.is(await answer('h1'), 'one');
});

test.serial('--noop is fetched and verified everywhere, and applied nowhere', async (t) => {
  const { code, stderr } = await deploy(await app(t, 'noop'), '--noop');
  t.is(code, 0, stderr);
  t.regex(stderr, /h1: Fetched and verified/);
  t.is(await answer('h1'), 'one');
});

test.serial('--plan changes nothing', async (t) => {
  const newest = async () => JSON.parse((await hawser(['deploys', 'list', '--json', ...flags])).stdout)[0].id;
  const before = await newest();
  const { code, stdout } = await deploy(await app(t, 'planned'), '--plan');
  t.is(code, 0);
  t.true(stdout.startsWith(`Deploy ${before + 1} of app to h1, h2\n  h1 and h2 run deploy 1:\n`), stdout);
  t.regex(stdout, /~ app\.mjs \(.*\)\n.*\n.*2 files changed/);
  const [, revision = ''] = /--expect-revision ([0-9a-f]{16})\n$/.exec(stdout) ?? [];
  const moved = await deploy(await app(t, 'planned'), '--expect-revision', `${revision}0`);
  t.is(moved.code, 4, moved.stderr);
  t.regex(moved.stderr, /The fleet has moved since the plan/);
  t.is(await newest(), before);
});

test.serial('deploys that race each other all get in, one after the other', async (t) => {
  const folders = await Promise.all(['a', 'b', 'c'].map((version) => app(t, version)));
  const results = await Promise.all(folders.map((folder) => deploy(folder, '--no-wait', '--json')));
  const ids = results.map(({ stdout }) => JSON.parse(stdout).id).sort((a, b) => a - b);
  t.deepEqual(ids, [ids[0], ids[0] + 1, ids[0] + 2]);
});

test.serial('a commit that does not contain the newest deployed one is refused, unless forced', async (t) => {
  const folder = await app(t, 'git');
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      encoding: 'utf8',
    }).trim();
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('commit', '-q', '-m', 'base');
  const viaGit = (...more: string[]) => hawser(['deploy', folder, '--yes', ...more, ...flags]);
  const base = await viaGit('--json');
  t.is(base.code, 0, base.stderr);
  git('checkout', '-q', '-b', 'mine');
  git('commit', '-q', '--allow-empty', '-m', 'mine');
  t.is((await viaGit()).code, 0);
  const [newest] = JSON.parse((await hawser(['deploys', 'list', '--json', ...flags])).stdout);
  t.is(newest.hash, git('rev-parse', 'HEAD'));
  git('checkout', '-q', 'main');
  git('commit', '-q', '--allow-empty', '-m', 'theirs');
  const refused = await viaGit();
  t.is(refused.code, 4);
  t.regex(refused.stderr, /does not contain: pull first, or pass --force/);
  t.is((await viaGit('--force')).code, 0);
});

test.serial(
  'an agent that was killed comes back with the healthy release, and takes back what it was trying',
  async (t) => {
    const host = fleet.host('h2');
    const healthy = await deploy(await app(t, 'steady'), '--json');
    t.is(healthy.code, 0, healthy.stderr);
    const { id } = lastJson(healthy.stdout);
    const trying = startHawser([
      'deploy',
      await app(t, 'never', '[sh, -c, "echo trying; exit 1"]'),
      '--no-git',
      '--yes',
      ...flags,
    ]);
    await shown(trying.stderr, /h2: Checking/);
    await host.stopAgent('SIGKILL');
    await host.startAgent();
    await once(trying, 'exit');
    t.is(await answer('h2'), 'steady');
    t.is(await current('h2'), `releases/${id}`);
  },
);

test.serial('a second agent with the same hostname is refused and told where the first runs', async (t) => {
  const { code, stderr, stdout } = await fleet
    .host('h2')
    .exec([
      'node',
      '/opt/hawser/dist/bundle/hawser.cjs',
      'run',
      '--tmp-prefix',
      '--no-server',
      '--hostname',
      'h1',
      '--seeds',
      fleet.host('h1').clientUrl,
    ]);
  t.is(code, 1);
  t.regex(stderr + stdout, /h1/);
  t.notRegex(stderr, /\n\s+at /);
});

test.serial('a host that dies during the wait is named, and the deploy ends with exit code 5', async (t) => {
  const waiting = startHawser(['deploy', await slowApp(t), '--no-git', '--yes', ...flags]);
  const stderr = shown(waiting.stderr, /h2: Checking/);
  await stderr;
  await fleet.host('h2').kill();
  const rest = waiting.stderr === null ? '' : await text(waiting.stderr);
  const [code] = waiting.exitCode === null ? await once(waiting, 'exit') : [waiting.exitCode];
  t.is(code, 5);
  t.regex(rest, /h2: lost:/);
});

/** Healthy at once on h1, not for a long time on h2. */
async function slowApp(t: ExecutionContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await mkdir(folder, { recursive: true });
  const check = 'process.exit(process.env.HAWSER_HOSTNAME === "h1" ? 0 : 1)';
  const manifest = [
    'name: slow',
    'run: [sleep, "1000"]',
    'settle: 200ms',
    `health: { exec: [node, -e, '${check}'], timeout: 5m }`,
  ];
  await writeFile(path.join(folder, 'hawser.yaml'), manifest.join('\n'));
  return folder;
}
