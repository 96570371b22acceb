import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { findAccount, parsePasswd } from '../../../agent/deploys/accounts/account.js';
import { AppFolder } from '../../../agent/deploys/releases/app-folder.js';
import { entryOf } from '../../../agent/deploys/releases/deploy-entry.js';
import { Releases } from '../../../agent/deploys/releases/releases.js';
import { runProgram } from '../../../agent/processes/run-program.js';
import { serialiseDeployment } from '../../../world/internal.js';

const isRoot = process.geteuid?.() === 0;
/** Without root there is nobody else to run as. */
const asRoot = (title: string, body: (t: ExecutionContext) => Promise<void>) => {
  if (isRoot) test.serial(title, body);
};

test.serial('a user is found by its exact name', (t) => {
  const lines = 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1001:Ann,,,:/home/ann:/bin/sh\nbad:x:z:1::/:\n';
  t.deepEqual(parsePasswd(lines, 'ann'), { name: 'ann', uid: 1000, gid: 1001, home: '/home/ann' });
  for (const name of ['an', 'x', 'bad', '']) t.is(parsePasswd(lines, name), undefined);
});

test.serial('an app runs as the user of its agent, or as whom it names, if that is possible', async (t) => {
  t.is(await findAccount({}), undefined);
  t.is(await findAccount({ user: userInfo().username, defaultUser: 'nobody' }), undefined);
  if (!isRoot) {
    await t.throwsAsync(findAccount({ user: 'root' }), { message: /is to run as root, but the agent/ });
    return;
  }
  t.like(await findAccount({ defaultUser: 'nobody' }), { name: 'nobody', uid: 65534 });
  t.like(await findAccount({ user: 'daemon', group: 'tty', defaultUser: 'nobody' }), {
    name: 'daemon',
    uid: 1,
    gid: 5,
  });
  for (const user of ['no-such-user', '0', '--version', 'a b'])
    await t.throwsAsync(findAccount({ user }), {
      message: /This host has no user ".*", whom the app is to run as/,
    });
  await t.throwsAsync(findAccount({ user: 'daemon', group: 'none-such' }), {
    message: /This host has no group "none-such"/,
  });
});

asRoot(
  'a release can be read by whom it runs as and by nobody else, and is removed without harm',
  async (t) => {
    const prefix = await mkdtemp(path.join(tmpdir(), 'hawser-accounts-'));
    t.teardown(() => rm(prefix, { recursive: true }));
    const account = await findAccount({ user: 'daemon' });
    if (account === undefined) throw new Error('there is a user daemon');
    const payload = serialiseDeployment({
      ...{ hawser: 1, name: 'app', message: '', author: 'ann', createdAt: '2026-01-01T00:00:00Z' },
      ...{ tree: '0'.repeat(64), noop: false, hosts: ['h1'], manifest: { name: 'app', shared: ['data'] } },
    });
    const entry = entryOf(1, payload);
    if (entry === undefined) throw new Error('that is no deploy');
    const releases = new Releases(new AppFolder(prefix, 'app'));
    const fill = async (folder: string) => {
      await mkdir(path.join(folder, 'closed'), { recursive: true });
      await writeFile(path.join(folder, 'private'), 'x', { mode: 0o600 });
      await writeFile(path.join(folder, 'closed', 'file'), 'x');
      await chmod(path.join(folder, 'closed'), 0o555);
      await symlink('/etc', path.join(folder, 'link'));
      // A name that is not UTF-8.
      await mkdir(Buffer.from(`${folder}/d\xe9p\xf4t`, 'latin1'), { mode: 0o700 });
      await writeFile(Buffer.from(`${folder}/d\xe9p\xf4t/caf\xe9`, 'latin1'), 'x', { mode: 0o600 });
    };
    await releases.unpack(entry, { fill, account, fleet: undefined, before: undefined });
    await releases.activate('1');

    const as = async (uid: number, gid: number, script: string) => {
      const program = { name: '', uid, gid };
      const { exit, outputTail } = await runProgram({
        argv: ['sh', '-c', script],
        ...{ cwd: '/', environment: process.env, account: program, mark: 'MARK=accounts', timeoutMs: 60_000 },
        signal: new AbortController().signal,
      });
      return exit.code === 0 ? outputTail : 'refused';
    };
    const current = path.join(releases.folder.path, 'current');
    t.is(
      await as(account.uid, account.gid, `cat ${current}/private && touch ${current}/data/kept && id -u`),
      'x1',
    );
    t.is(await as(account.uid, account.gid, `cat ${current}/d*/c*`), 'x');
    t.is(await as(65534, 65534, `ls ${current}/`), 'refused');
    t.is(await as(account.uid, account.gid, `ls ${prefix}`), 'refused');
    t.is(await as(account.uid, account.gid, `ls ${releases.folder.records}`), 'refused');
    t.is((await stat('/etc')).uid, 0);

    await releases.removeApp();
    t.deepEqual(await readdir(releases.folder.path), ['shared']);
    t.deepEqual(await readdir(path.join(releases.folder.shared, 'data')), ['kept']);
    t.true((await readdir('/etc')).length > 10);
  },
);

asRoot('a program runs with the groups of its user, and with none of root', async (t) => {
  const account = await findAccount({ user: 'daemon' });
  const { outputTail } = await runProgram({
    argv: ['sh', '-c', 'id -un; id -G'],
    ...{ cwd: '/', environment: process.env, account, mark: 'MARK=groups', timeoutMs: 60_000 },
    signal: new AbortController().signal,
  });
  t.is(outputTail, `daemon\n${execFileSync('id', ['-G', 'daemon'], { encoding: 'utf8' }).trim()}`);
});
