import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { GitFolder, planDeploy, runGit } from '../helpers/git-folder.js';

let fleet: DirectEtcd;

test.before(async () => {
  fleet = await DirectEtcd.start();
});
test.after.always(() => fleet?.[Symbol.asyncDispose]());

/** Makes a change and hides it, by settings of the repository or by variables. */
type Blind = (app: GitFolder, env: NodeJS.ProcessEnv) => Promise<void>;

/** A change that git is told not to see, or not to say. */
const blinded = test.macro({
  async exec(t, _what: string, blind: Blind, says: RegExp) {
    const app = await GitFolder.make(t);
    await app.write('run.sh', 'echo\n');
    app.commit();
    const clean = await planDeploy(fleet, app.folder);
    t.is(clean.code, 0, clean.stderr);
    t.is(JSON.parse(clean.stdout).hash, app.head);
    const env: NodeJS.ProcessEnv = {};
    await blind(app, env);
    const { code, stderr } = await planDeploy(fleet, app.folder, env);
    t.is(code, 4, stderr);
    t.regex(stderr, says);
  },
  title: (_, what) => `a change is seen in spite of ${what}`,
});

test.serial(
  blinded,
  'status.showUntrackedFiles=no',
  async (app) => {
    app.git('config', 'status.showUntrackedFiles', 'no');
    await app.write('new', '');
  },
  /new/,
);
test.serial(
  blinded,
  'the same in the settings of the person',
  async (app, env) => {
    const home = path.join(app.root, 'home');
    await mkdir(home);
    await writeFile(path.join(home, '.gitconfig'), '[status]\n\tshowUntrackedFiles = no\n');
    await app.write('new', '');
    env['HOME'] = home;
  },
  /new/,
);
test.serial(
  blinded,
  'core.fileMode=false',
  async (app) => {
    app.git('config', 'core.fileMode', 'false');
    await chmod(path.join(app.folder, 'run.sh'), 0o755);
  },
  /run\.sh/,
);
test.serial(
  blinded,
  'core.ignoreCase and a name that differs in its case alone',
  async (app) => {
    app.git('config', 'core.ignoreCase', 'true');
    await app.write('RUN.sh', 'rm\n');
  },
  /RUN\.sh/,
);
test.serial(
  blinded,
  'core.ignoreStat and assume-unchanged',
  async (app) => {
    app.git('config', 'core.ignoreStat', 'true');
    app.git('update-index', '--assume-unchanged', 'run.sh');
    await app.write('run.sh', 'rm\n');
  },
  /run\.sh \(hidden from git status\)/,
);
test.serial(
  blinded,
  'skip-worktree',
  async (app) => {
    app.git('update-index', '--skip-worktree', 'run.sh');
    await app.write('run.sh', 'rm\n');
  },
  /run\.sh \(hidden/,
);
test.serial(
  blinded,
  'core.worktree, which leads elsewhere',
  async (app) => {
    const elsewhere = path.join(app.root, 'elsewhere');
    await mkdir(elsewhere);
    app.git('config', 'core.worktree', elsewhere);
    await app.write('run.sh', 'rm\n');
  },
  /git cannot tell|elsewhere/,
);
test.serial(
  blinded,
  'core.bare',
  async (app) => {
    app.git('config', 'core.bare', 'true');
    await app.write('run.sh', 'rm\n');
  },
  /work tree/,
);
test.serial(
  blinded,
  'GIT_DIR and its like in the environment, as hooks have them',
  async (app, env) => {
    const other = path.join(app.root, 'other');
    runGit(app.root, 'clone', '-q', app.folder, other);
    await app.write('run.sh', 'rm\n');
    const repository = path.join(other, '.git');
    Object.assign(env, {
      GIT_DIR: repository,
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: path.join(repository, 'index'),
      GIT_PREFIX: '',
      GIT_OBJECT_DIRECTORY: path.join(repository, 'objects'),
      GIT_CEILING_DIRECTORIES: app.root,
      GIT_LITERAL_PATHSPECS: '1',
      GIT_NAMESPACE: 'x',
    });
  },
  /run\.sh/,
);
test.serial(
  blinded,
  'settings in variables of git',
  async (app, env) => {
    await app.write('new', '');
    Object.assign(env, {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.excludesFile',
      GIT_CONFIG_VALUE_0: await ignoreAll(app),
      GIT_CONFIG_PARAMETERS: "'status.showuntrackedfiles'='no'",
    });
  },
  /new/,
);
test.serial(
  blinded,
  'a submodule that is to be ignored',
  async (app) => {
    await addSubmodule(app);
    app.git('config', 'submodule.inner.ignore', 'all');
    app.git('config', 'diff.ignoreSubmodules', 'all');
    await writeFile(path.join(app.folder, 'inner', 'file'), 'changed');
  },
  /inner\/file/,
);
test.serial(
  blinded,
  'a submodule that is not checked out, with files in its place',
  async (app) => {
    await addSubmodule(app);
    await rm(path.join(app.folder, 'inner', '.git'));
  },
  /inner/,
);
test.serial(
  blinded,
  'a commit that was replaced',
  async (app) => {
    const { head } = app;
    await app.write('run.sh', 'rm\n');
    app.commit();
    app.git('replace', head, app.head);
    app.git('update-ref', 'refs/heads/main', head);
  },
  /run\.sh/,
);

async function ignoreAll(app: GitFolder): Promise<string> {
  const file = path.join(app.root, 'ignore');
  await writeFile(file, '*\n');
  return file;
}

async function addSubmodule(app: GitFolder): Promise<void> {
  const inner = path.join(app.root, 'inner');
  runGit(app.root, 'init', '-q', inner);
  await writeFile(path.join(inner, 'file'), '');
  runGit(inner, 'add', '--all');
  runGit(inner, 'commit', '-q', '-m', 'x');
  app.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner, 'inner');
  app.commit();
}
