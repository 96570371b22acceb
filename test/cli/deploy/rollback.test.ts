import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startFleet, type TestFleet } from '../../../testing/index.js';
import { connectionFlags, hawser, lastJson, temporaryFolder } from '../helpers/hawser.js';

let fleet: TestFleet;
let flags: string[];

test.before(async () => {
  fleet = await startFleet({ hosts: 3, servers: 1, agents: true, backend: 'containers' });
  flags = connectionFlags(fleet);
});
test.after.always(() => fleet?.close());

async function app(
  t: ExecutionContext,
  name: string,
  version: string,
  manifest: object = {},
): Promise<string> {
  const folder = path.join(await temporaryFolder(t), 'app');
  await mkdir(folder, { recursive: true });
  const whole = { name, run: ['sleep', '100000'], settle: '100ms', ...manifest };
  await writeFile(path.join(folder, 'hawser.yaml'), JSON.stringify(whole));
  await writeFile(path.join(folder, 'version'), version);
  return folder;
}

function run(...args: string[]) {
  return hawser([...args, ...flags]);
}

async function versions(name: string): Promise<string[]> {
  const found = await Promise.all(
    fleet.hosts.map((host) => host.exec(['cat', `/var/lib/hawser/apps/${name}/current/version`])),
  );
  return found.map(({ stdout }) => stdout);
}

const everywhere = (version: string) => [version, version, version];

test.serial('two apps live side by side; each goes back, starts again and goes away by itself', async (t) => {
  for (const [name, version] of [
    ['shop', 'one'],
    ['blog', 'first'],
    ['shop', 'two'],
  ] as const) {
    const { code, stderr, stdout } = await run('deploy', await app(t, name, version), '--no-git', '--yes');
    t.is(code, 0, stderr + stdout);
  }
  t.deepEqual(await versions('shop'), everywhere('two'));
  const back = await run('rollback', '--app', 'shop', '--yes', '--json');
  t.is(back.code, 0, back.stderr);
  t.like(lastJson(back.stdout), { id: 4, app: 'shop', verdict: 'healthy' });
  t.deepEqual(await versions('shop'), everywhere('one'));
  t.deepEqual(await versions('blog'), everywhere('first'));
  const shown = await run('deploys', 'show', '4');
  t.regex(shown.stdout, /^Deploy 4: deploy of shop \(rollback to deploy 1\)\n/);
  t.regex(shown.stdout, /h3 +healthy/);
  t.regex((await run('deploys', 'diff', '4')).stdout, /~ version \(3 B\)/);
  const ambiguous = await run('rollback', '--yes');
  t.is(ambiguous.code, 2);
  t.regex(ambiguous.stderr, /Name the app with --app: blog, shop/);
  const restarted = await run('restart', 'blog', 'h2,h3', '--yes', '--json');
  t.is(restarted.code, 0, restarted.stderr);
  t.deepEqual(
    lastJson(restarted.stdout).hosts.map(({ hostname }: { hostname: string }) => hostname),
    ['h2', 'h3'],
  );
  const removed = await run('remove', 'blog', '--yes');
  t.is(removed.code, 0, removed.stderr);
  const left = await fleet.host('h1').exec(['ls', '/var/lib/hawser/apps']);
  t.is(left.stdout.trim(), 'shop');
  const typo = await run('remove', 'shpo', '--yes');
  t.is(typo.code, 2);
  t.regex(typo.stderr, /No app called shpo was deployed \(did you mean "shop"\?\)/);
});

test.serial(
  'a canary that fails stops the others, and the wait is taken up again from elsewhere',
  async (t) => {
    const rollout = { canary: 1, batch: 1 };
    const bad = await app(t, 'shop', 'bad', { run: ['sh', '-c', 'exit 3'], settle: '20s', rollout });
    const recorded = await run('deploy', bad, '--no-git', '--yes', '--no-wait', '--json');
    const { id } = JSON.parse(recorded.stdout);
    const waited = await run('deploys', 'wait', String(id), '--json');
    t.is(waited.code, 5, waited.stderr);
    t.like(lastJson(waited.stdout), { id, app: 'shop', verdict: 'rolled-back' });
    t.deepEqual(await versions('shop'), everywhere('one'));
    const shown = JSON.parse((await run('deploys', 'show', String(id), '--json')).stdout);
    t.regex(shown.origin.sshKey, /^SHA256:[A-Za-z0-9+/]{43}$/);
    t.is(shown.verdict, 'rolled-back');
    t.like(shown.hosts[0], { hostname: 'h1', state: 'failed' });
    for (const host of shown.hosts.slice(1)) t.not(host.state, 'healthy');
    const good = await run('deploy', await app(t, 'shop', 'three', { rollout }), '--no-git', '--yes');
    t.is(good.code, 0, good.stderr + good.stdout);
    t.deepEqual(await versions('shop'), everywhere('three'));
  },
);

test.serial('a paused deploy waits for a person, who goes on with it or takes it back', async (t) => {
  const failsOn = (host: string) => [
    'sh',
    '-c',
    `[ $HAWSER_HOSTNAME = ${host} ] && exit 3; exec sleep 100000`,
  ];
  const rollout = { batch: 1, 'on-failure': 'pause' };
  const paused = async (version: string) => {
    const folder = await app(t, 'shop', version, { run: failsOn('h2'), settle: '500ms', rollout });
    const { code, stdout } = await run('deploy', folder, '--no-git', '--yes', '--json');
    t.is(code, 5, stdout);
    t.like(lastJson(stdout), { verdict: 'paused' });
    return String(lastJson(stdout).id);
  };
  const first = await paused('four');
  const status = await run('status', '--json');
  t.is(status.code, 1);
  t.true(JSON.parse(status.stdout).problems.some(({ code }: { code: string }) => code === 'deploy-paused'));
  t.is((await run('deploys', 'resume', first)).code, 0);
  t.is((await run('deploys', 'wait', first)).code, 5);
  t.deepEqual(await versions('shop'), ['four', 'three', 'four']);
  const second = await paused('five');
  t.is((await run('deploys', 'abort', second, '--reason', 'not today')).code, 0);
  const ended = await run('deploys', 'wait', second, '--json');
  t.like(lastJson(ended.stdout), { verdict: 'stopped' });
  t.regex((await run('deploys', 'abort', second)).stderr, /stopped/);
});
