import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { programFile } from '../../../fixtures/fleet/project-paths.js';
import { type Deployment, serialiseDeployment } from '../../../world/deploys/deploy-payload.js';
import { parseDeployLock } from '../../../world/deploys/locks/deploy-lock.js';
import type { EtcdWorld } from '../../../world/index.js';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { hawser, type Result, shown, startHawser, temporaryFolder } from '../helpers/hawser.js';

let fleet: DirectEtcd;
let world: EtcdWorld;

test.before(async () => {
  fleet = await DirectEtcd.start();
  world = fleet.world('laptop');
  for (const [index, name] of ['shop', 'blog', 'wiki', 'chat'].entries()) {
    const deployment: Deployment = {
      ...{ hawser: 1, name, message: '', author: '', createdAt: '', tree: 'a'.repeat(64), noop: false },
      ...{ hosts: ['h1'], manifest: { name } },
    };
    await world.addDeploy({ id: index + 1, payload: serialiseDeployment(deployment) });
  }
});
test.after.always(async () => {
  await world?.close();
  await fleet?.[Symbol.asyncDispose]();
});

const ann = { id: 'x', by: 'ann@laptop', reason: 'moving the database', since: '2026-01-01T10:00:00Z' };

const lockOf = (app: string) => world.client.get(`/hawser/deploy-locks/${app}`);
const lockBy = (app: string, lock: object) =>
  world.client.set(`/hawser/deploy-locks/${app}`, JSON.stringify(lock));

async function folder(t: ExecutionContext, name: string): Promise<string> {
  const app = path.join(await temporaryFolder(t), 'app');
  await mkdir(app);
  await writeFile(path.join(app, 'hawser.yaml'), `name: ${name}\n`);
  return app;
}

/** Locks while a program runs. */
const underLock = (app: string, ...program: readonly string[]): string[] => [
  ...['deploys', 'lock', app, '--reason', 'a test', '--seeds', fleet.etcd.url, '--', ...program],
];

test.serial('what one person has locked another changes only by force', async (t) => {
  await lockBy('shop', ann);
  const app = await folder(t, 'shop');
  const newest = await world.getMaxDeployId();
  const refused = ({ code, stderr }: Result, what: string) => {
    t.is(code, 4, what);
    t.regex(
      stderr,
      /shop is locked by ann@laptop \(moving the database\) since 2026-01-01 10:00:00 UTC, \d+ days ago/,
    );
    t.regex(stderr, /hawser deploys unlock shop --force|pass --force/, what);
  };
  for (const args of [
    ['deploy', app, '--no-git', '--yes', '--no-wait'],
    ['rollback', '1', '--yes'],
    ['restart', 'shop', '--yes', '--no-wait'],
    ['remove', 'shop', '--yes', '--no-wait'],
    ['deploys', 'lock', 'shop', '--reason', 'mine'],
    ['deploys', 'unlock', 'shop'],
  ])
    refused(await fleet.run(args), args.join(' '));
  t.is(await world.getMaxDeployId(), newest);
  // Whoever looked before it was locked is refused by etcd itself.
  const payload = await world.getDeploy(newest);
  const late = {
    id: newest + 1,
    payload: payload.replace(/"name":"[a-z]+"/g, '"name":"shop"'),
    lockRevision: 0n,
  };
  await t.throwsAsync(world.addDeploy(late), { message: /somebody has locked shop/ });
  const plan = await fleet.run(['deploy', app, '--no-git', '--plan']);
  t.is(plan.code, 0, plan.stderr);
  t.regex(plan.stdout, /Note: shop is locked by ann@laptop/);
  t.regex((await fleet.run(['apps'])).stdout, /\nshop is locked by ann@laptop \(moving the database\)/);
  t.is((await fleet.run(['restart', 'blog', '--yes', '--no-wait'])).code, 0, 'another app');

  t.like(await fleet.json(['deploys', 'unlock', 'shop', '--force']), { unlocked: true, by: 'ann@laptop' });
  t.is((await fleet.run(['restart', 'shop', '--yes', '--no-wait'])).code, 0);
  t.is((await fleet.run(['deploys', 'unlock', 'shop'])).stdout, 'shop was not locked.\n');
});

test.serial('a lock for some time ends with it, and is in nobody’s own way', async (t) => {
  const lock = ['deploys', 'lock', 'blog', '--reason', 'a migration'];
  t.like(await fleet.json([...lock, '--for', '2h']), { app: 'blog', reason: 'a migration' });
  const stored = await lockOf('blog');
  const { lease = '0' } = stored ?? {};
  t.not(lease, '0');
  t.like(await fleet.json(['apps']), {
    1: { app: 'chat', lock: null },
    0: { app: 'blog', lock: { reason: 'a migration' } },
  });
  t.is((await fleet.run(['restart', 'blog', '--yes', '--no-wait'])).code, 0);
  t.is((await fleet.run([...lock, '--for', '1h'])).code, 0, 'and may be changed');
  t.regex((await fleet.run(['deploys', 'unlock', 'blog'])).stdout, /^Unlocked blog: the lock was .+'s\.\n$/);
  t.is(await lockOf('blog'), undefined);

  const over = { ...ann, until: '2026-01-01T12:00:00Z' };
  await lockBy('blog', over);
  t.is((await fleet.run(['restart', 'blog', '--yes', '--no-wait'])).code, 0, 'etcd may keep it longer');
  const entry = (text: string) => ({
    ...{ key: '/hawser/deploy-locks/blog', value: Buffer.from(text) },
    ...{ createRevision: 1n, modRevision: 1n, version: 1n, lease: '0' },
  });
  t.is(parseDeployLock(entry('anything'), 0)?.lock.by, 'somebody', 'one that cannot be read still counts');
  const noon = Date.parse(over.until);
  t.truthy(parseDeployLock(entry(JSON.stringify(over)), noon + 30_000), 'clocks differ');
});

test.serial('a command does not end early what its person has locked for longer', async (t) => {
  t.is((await fleet.run(['deploys', 'lock', 'blog', '--reason', 'a migration'])).code, 0);
  const before = await lockOf('blog');
  const { code, stderr } = await hawser(underLock('blog', 'true'));
  t.is(code, 4);
  t.regex(stderr, /blog is locked by .+ That lock is yours already: .+ "hawser deploys unlock blog"/);
  t.deepEqual(await lockOf('blog'), before);
  t.is((await fleet.run(['deploys', 'unlock', 'blog'])).code, 0);
});

test.serial('what cannot be locked is wrong usage', async (t) => {
  for (const [args, expected] of [
    [['shop'], /--reason/],
    [['shpo', '--reason', 'x'], /No app called shpo was deployed \(did you mean "shop"\?\)/],
    [['shop', '--reason', 'x', '--for', '200h'], /from 1s to 168h/],
    [['shop', '--reason', 'x', '--for', 'ever'], /--for/],
    [['shop', '--reason', 'x'.repeat(301)], /at most 300 characters/],
  ] as const) {
    const { code, stderr } = await fleet.run(['deploys', 'lock', ...args]);
    t.is(code, 2, stderr);
    t.regex(stderr, expected);
  }
  const both = await hawser([
    'deploys',
    'lock',
    'shop',
    '--reason',
    'x',
    '--for',
    '1h',
    ...underLock('shop', 'true').slice(5),
  ]);
  t.is(both.code, 2);
  t.regex(both.stderr, /leave out --for/);
  t.is(await lockOf('shop'), undefined);
});

test.serial('a command holds a lock against all but what it runs itself', async (t) => {
  const restart = [
    process.execPath,
    programFile,
    'restart',
    'wiki',
    '--yes',
    '--no-wait',
    '--seeds',
    fleet.etcd.url,
  ];
  const script = '"$@" >/dev/null && env -u HAWSER_DEPLOY_LOCK "$@"; exit $(($? + 3))';
  const newest = await world.getMaxDeployId();
  const { code, stderr } = await hawser(underLock('wiki', 'sh', '-c', script, 'sh', ...restart));
  t.is(code, 7, 'its own exit code, of which 4 is for being locked out');
  t.is(await world.getMaxDeployId(), newest + 1, 'the first of the two');
  t.regex(stderr, /wiki is locked while sh runs/);
  t.regex(stderr, /wiki is locked by .* as long as a command of theirs runs/);
  t.is(await lockOf('wiki'), undefined);

  const none = await hawser(underLock('wiki', '/nonexistent/program'));
  t.is(none.code, 1);
  t.regex(none.stderr, /Could not run \/nonexistent\/program: there is no such program/);
  t.is(await lockOf('wiki'), undefined);

  const forced = startHawser(underLock('wiki', 'sh', '-c', 'read line'));
  const said = forced.stderr;
  await shown(said, /wiki is locked/);
  t.is((await fleet.run(['deploys', 'unlock', 'wiki'])).code, 4, 'another terminal of the same person');
  t.is((await fleet.run(['deploys', 'unlock', 'wiki', '--force'])).code, 0);
  const [end] = [once(forced, 'exit'), forced.stdin?.end('\n')];
  t.is((await end)[0], 1, 'it was not alone');
});

test('the lock of a command whose machine is gone ends by itself', async (t) => {
  const holder = startHawser(underLock('chat', 'sh', '-c', 'read line'));
  await shown(holder.stderr, /chat is locked/);
  const watch = world.client.changes(
    { key: '/hawser/deploy-locks/chat' },
    { signal: AbortSignal.timeout(60_000) },
  );
  t.is((await fleet.run(['restart', 'chat', '--yes', '--no-wait'])).code, 4);
  holder.kill('SIGKILL');
  for await (const _ of watch) if ((await lockOf('chat')) === undefined) break;
  t.is((await fleet.run(['restart', 'chat', '--yes', '--no-wait'])).code, 0);
});
