import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { Sshd } from '../../tunnel/helpers/sshd.js';
import { Desk, nowhere, refused, wentThere, wrongUsage } from '../helpers/desk.js';
import { shown, startHawser } from '../helpers/hawser.js';

const run = promisify(execFile);

test.serial('a known_hosts file of the directory counts with what is in it', async (t) => {
  const desk = await Desk.make(t, `ssh-url: ${nowhere}\nssh-known-hosts: known_hosts\n`);
  await writeFile(path.join(desk.folder, 'known_hosts'), '');
  await desk.trust(t);
  t.is((await desk.status()).code, wentThere);
  await writeFile(path.join(desk.folder, 'known_hosts'), '[127.0.0.1]:1 ssh-ed25519 AAAA\n');
  t.is((await desk.status()).code, refused);
});

test.serial('what is trusted is kept in private files, and nothing is followed or torn for it', async (t) => {
  const desk = await Desk.make(t);
  await desk.trust(t);
  const own = path.join(desk.home, '.config', 'hawser');
  const store = path.join(own, 'trusted');
  const [name = ''] = await readdir(store);
  const file = path.join(store, name);
  t.is((await lstat(own)).mode & 0o777, 0o700);
  t.is((await lstat(store)).mode & 0o777, 0o700);
  t.is((await lstat(file)).mode & 0o777, 0o600);

  const victim = path.join(desk.home, 'victim');
  await writeFile(victim, 'mine');
  await rm(file);
  await symlink(victim, file);
  await desk.trust(t);
  t.is(await readFile(victim, 'utf8'), 'mine');
  t.true((await lstat(file)).isFile());
  await writeFile(file, '{"torn');
  t.is((await desk.status()).code, refused);
});

test.serial(
  '--list shows what has become of each directory, and --remove takes the trust back',
  async (t) => {
    const desk = await Desk.make(t);
    const list = async () => JSON.parse((await desk.hawser(['trust', '--list', '--json'])).stdout);
    t.deepEqual(await list(), []);
    const trusted = await desk.hawser(['trust', '--json']);
    t.deepEqual(JSON.parse(trusted.stdout), {
      file: desk.file,
      folder: desk.folder,
      trusted: true,
      keys: { 'ssh-url': [nowhere] },
    });
    t.like(await list(), [{ folder: desk.folder, state: 'trusted' }]);
    await desk.write('ssh-url: other\n');
    t.like(await list(), [{ folder: desk.folder, state: 'changed' }]);
    await desk.write('{');
    t.like(await list(), [{ folder: desk.folder, state: 'changed' }]);
    await rm(desk.file);
    t.like(await list(), [{ folder: desk.folder, state: 'gone' }]);
    await desk.write(`ssh-url: ${nowhere}\n`);
    t.is((await desk.status()).code, wentThere);
    t.is((await desk.hawser(['trust', '--remove'])).code, 0);
    t.is((await desk.status()).code, refused);
    t.deepEqual(await list(), []);
  },
);

test.serial(
  'a directory that says nothing of the fleet needs no trust, and one without a file has none',
  async (t) => {
    const desk = await Desk.make(t, 'name: app\n');
    const app = await desk.hawser(['trust']);
    t.is(app.code, 0);
    t.regex(app.stdout, /only describes an app/);
    await rm(desk.file);
    const none = await desk.hawser(['trust', '.']);
    t.is(none.code, wrongUsage);
    t.true(none.stderr.includes(desk.folder));
  },
);

test.serial('a pipe, a device and a file without end named hawser.yaml hold nothing up', async (t) => {
  const desk = await Desk.make(t);
  await rm(desk.file);
  await run('mkfifo', [desk.file]);
  t.is((await desk.status()).code, wrongUsage);
  await rm(desk.file);
  await symlink('/dev/zero', desk.file);
  t.is((await desk.status()).code, wrongUsage);
  await rm(desk.file);
  await desk.write(`#${'x'.repeat(2_000_000)}`);
  const large = await desk.status();
  t.is(large.code, wrongUsage);
  t.regex(large.stderr, /larger than 1 MiB/);
  await desk.write(
    `a: &a [x, x]\nb: &b [${'*a, '.repeat(200)}]\nc: &c [${'*b, '.repeat(200)}]\nd: [${'*c, '.repeat(200)}]\n`,
  );
  t.is((await desk.status()).code, wrongUsage);
});

for (const transport of ['ssh2', 'openssh']) {
  test.serial(
    `over ${transport}, a directory's known_hosts is read and never written to, nor does it hide what the own one revokes`,
    async (t) => {
      await using sshd = await Sshd.start();
      const { user, host, port } = sshd.destination;
      const desk = await Desk.make(
        t,
        `ssh-url: ${user}@${host}:${port}\nssh-known-hosts: [known_hosts, absent]\n`,
      );
      const theirs = path.join(desk.folder, 'known_hosts');
      const ssh = path.join(desk.home, '.ssh');
      await mkdir(ssh, { mode: 0o700 });
      await writeFile(theirs, '');
      await writeFile(path.join(ssh, 'config'), 'Host *\n  StrictHostKeyChecking accept-new\n');
      await desk.trust(t);
      const flags = ['--ssh-id', sshd.identityFile, '--transport', transport];
      const forward = ['forward', `${host}:${port}`, ...flags];
      await login(desk, forward);
      const own = path.join(ssh, 'known_hosts');
      t.true((await readFile(own, 'utf8')).includes(await sshd.hostKey()));
      t.is(await readFile(theirs, 'utf8'), '');
      t.deepEqual((await readdir(desk.folder)).sort(), ['hawser.yaml', 'known_hosts']);

      const key = `[${host}]:${port} ${await sshd.hostKey()}\n`;
      await writeFile(theirs, key);
      await writeFile(own, '');
      await writeFile(path.join(ssh, 'config'), 'Host *\n  StrictHostKeyChecking yes\n');
      await desk.trust(t);
      await login(desk, forward);
      await writeFile(own, `@revoked ${key}`);
      t.is((await desk.hawser(forward)).code, refused);
    },
  );
}

/** Runs a forward until it is connected. */
async function login({ folder, env }: Desk, forward: readonly string[]): Promise<void> {
  const child = startHawser(forward, { cwd: folder, env });
  const exited = once(child, 'exit');
  await shown(child.stdout, /unix:/);
  child.kill('SIGINT');
  await exited;
}
