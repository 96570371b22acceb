import { execFileSync } from 'node:child_process';
import { chown, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { GitFolder, planDeploy, runGit } from '../helpers/git-folder.js';
import { type Result, temporaryFolder } from '../helpers/hawser.js';

let fleet: DirectEtcd;

test.before(async () => {
  fleet = await DirectEtcd.start();
});
test.after.always(() => fleet?.[Symbol.asyncDispose]());

function plan(folder: string, env?: NodeJS.ProcessEnv, ...more: string[]): Promise<Result> {
  return planDeploy(fleet, folder, env, ...more);
}

test.serial('a directory before its first commit is refused, unless forced', async (t) => {
  const app = await GitFolder.make(t);
  await rm(path.join(app.folder, '.git'), { recursive: true });
  app.git('init', '-q');
  const { code, stderr } = await plan(app.folder);
  t.is(code, 4);
  t.regex(stderr, /without commits/);
  t.is((await plan(app.folder, {}, '--force')).code, 0);
  t.is((await plan(app.folder, {}, '--no-git')).code, 0);
});

test.serial('a repository that git cannot read is refused with its words, not taken for none', async (t) => {
  for (const damage of ['HEAD', 'config', 'index', 'objects']) {
    const app = await GitFolder.make(t);
    const target = path.join(app.folder, '.git', damage);
    await rm(target, { recursive: true });
    if (damage !== 'HEAD' && damage !== 'objects') await writeFile(target, '[damaged');
    const { code, stderr } = await plan(app.folder);
    t.is(code, 4, `${damage}: ${stderr}`);
    t.regex(stderr, /git cannot tell whether .*--no-git/, damage);
    t.is((await plan(app.folder, {}, '--force')).code, 4, 'not even by force without a hash');
    t.is((await plan(app.folder, {}, '--no-git')).code, 0);
  }
});

test.serial('a repository that holds git up does not hold a deploy up', async (t) => {
  const app = await GitFolder.make(t);
  execFileSync('mkfifo', [path.join(app.folder, '.git', 'pipe')]);
  app.git('config', 'include.path', 'pipe');
  const { code, stderr } = await plan(app.folder);
  t.is(code, 4);
  t.regex(stderr, /git did not finish in 5 s/);
});

test.serial(
  'without a git program a repository is named as the reason, and other directories need none',
  async (t) => {
    const app = await GitFolder.make(t);
    const env = { PATH: '/nonexistent' };
    const { code, stderr } = await plan(app.folder, env);
    t.is(code, 2);
    t.regex(stderr, /Cannot run git \(ENOENT\): install it, or pass --no-git/);
    await rm(path.join(app.folder, '.git'), { recursive: true });
    const bare = await plan(app.folder, env);
    t.is(bare.code, 0, bare.stderr);
  },
);

test.serial('a shallow clone is named as such, with the remedy, where its history is needed', async (t) => {
  const app = await GitFolder.make(t);
  const base = await fleet.run(['deploy', app.folder, '--yes', '--json'], { env: { HOME: '/nonexistent' } });
  t.is(base.code, 0, base.stderr);
  for (let commits = 0; commits < 3; commits += 1) app.commit();
  const clone = path.join(app.root, 'clone');
  runGit(app.root, 'clone', '-q', '--depth', '1', `file://${app.folder}`, clone);
  const { code, stderr } = await plan(clone);
  t.is(code, 4);
  t.regex(stderr, /clone is shallow.*git fetch --unshallow.*fetch-depth: 0/);
  runGit(clone, 'fetch', '-q', '--unshallow');
  t.is((await plan(clone)).code, 0);

  const worktree = path.join(app.root, 'worktree');
  app.git('worktree', 'add', '-q', '--detach', worktree);
  t.is((await plan(worktree)).code, 0, 'a linked work tree has its history');
});

test.serial('what the fleet says of its commit is no option of git', async (t) => {
  const app = await GitFolder.make(t);
  await using world = fleet.world('other');
  const newest = await world.getMaxDeployId();
  const hash = newest === 0 ? '' : await world.getDeployHash(newest);
  await world.addDeploy(newest + 1, '--output=evil', hash, '{}');
  const { code, stderr } = await plan(app.folder);
  t.is(code, 4);
  t.regex(stderr, /does not contain/);
  t.deepEqual((await readdir(app.folder)).sort(), ['.git', 'hawser.yaml']);
  await world.addDeploy(newest + 2, app.head, '--output=evil', '{}');
});

test.serial(
  'a filter of the person is not run, and is named where it may be why a file counts as changed',
  async (t) => {
    const app = await GitFolder.make(t);
    const home = await temporaryFolder(t);
    await writeFile(
      path.join(home, '.gitconfig'),
      '[filter "upper"]\n\tclean = tr a-z A-Z\n\trequired = true\n',
    );
    await app.write('.gitattributes', '*.txt filter=upper\n');
    await app.write('a.txt', 'text\n');
    app.git('-c', 'filter.upper.clean=tr a-z A-Z', 'add', '--all');
    app.git('commit', '-q', '-m', 'x');
    await app.write('a.txt', 'text\n\n');
    const { code, stderr } = await plan(app.folder, { HOME: home });
    t.is(code, 4);
    t.regex(stderr, /hawser does not run filters/);
  },
);

// Only root can give a repository to somebody else.
if (process.getuid?.() === 0) {
  test.serial("what git says of another user's repository is shown, and its remedy works", async (t) => {
    const app = await GitFolder.make(t);
    await chown(app.folder, 65_534, 65_534);
    await chown(path.join(app.folder, '.git'), 65_534, 65_534);
    const { code, stderr } = await plan(app.folder);
    t.is(code, 4);
    t.regex(stderr, /dubious ownership.*git config --global --add safe\.directory/);
    const home = await temporaryFolder(t);
    await writeFile(path.join(home, '.gitconfig'), `[safe]\n\tdirectory = ${app.folder}\n`);
    const safe = await plan(app.folder, { HOME: home }, '--force');
    t.is(safe.code, 0, safe.stderr);
  });
}
