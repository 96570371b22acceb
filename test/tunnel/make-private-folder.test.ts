import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { makePrivateFolder } from '../../tunnel/files/make-private-folder.js';
import { Sshd } from './helpers/sshd.js';
import { Target } from './helpers/target.js';

const user = fileURLToPath(new URL('./helpers/programs/tunnel-user.js', import.meta.url));
const maker = fileURLToPath(new URL('./helpers/programs/hold-private-folder.js', import.meta.url));

async function scratch(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'private-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Started {
  readonly child: ChildProcess;
  /** The first line that it prints. */
  readonly line: string;
}

async function start(t: ExecutionContext, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Started> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`it ended with ${code}`);
  });
  // It ends later too, on purpose.
  ended.catch(() => undefined);
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
  return { child, line };
}

async function kill({ child }: Started): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

for (const transport of ['ssh2', 'openssh'] as const) {
  test.serial(
    `${transport}: with a TMPDIR too long for sockets they lie in the runtime directory, privately`,
    async (t) => {
      await using sshd = await Sshd.start();
      await using target = await Target.start();
      const folder = await scratch(t);
      const long = path.join(folder, 'x'.repeat(80));
      const runtime = path.join(folder, 'run');
      await mkdir(long);
      await mkdir(runtime, { mode: 0o700 });
      const task = { ending: 'stay', options: { ...sshd.options, transport }, target: target.address };
      const env = { TMPDIR: long, XDG_RUNTIME_DIR: runtime };
      const { line } = await start(t, [user, JSON.stringify(task)], env);
      t.is(path.dirname(path.dirname(line)), runtime);
      t.is((await stat(path.dirname(line))).mode & 0o777, 0o700);
      t.is((await stat(line)).mode & 0o777, 0o600);
      t.deepEqual(await readdir(long), []);
    },
  );
}

test.serial('a runtime directory that others may write to is skipped for /tmp', async (t) => {
  const folder = await scratch(t);
  const long = path.join(folder, 'x'.repeat(80));
  const open = path.join(folder, 'run');
  await mkdir(long);
  await mkdir(open);
  await chmod(open, 0o777);
  const { line } = await start(t, [maker], { TMPDIR: long, XDG_RUNTIME_DIR: open });
  t.is(path.dirname(line), '/tmp');
});

test.serial('a TMPDIR that is relative, or that ssh would replace a part of, is skipped', async (t) => {
  const folder = await scratch(t);
  for (const name of ['100%d', '$'.concat('{HOME}')]) {
    await mkdir(path.join(folder, name));
    const { line } = await start(t, [maker], { TMPDIR: path.join(folder, name), XDG_RUNTIME_DIR: folder });
    t.is(path.dirname(line), folder, name);
  }
  const { line } = await start(t, [maker], { TMPDIR: '.', XDG_RUNTIME_DIR: folder });
  t.is(path.dirname(line), folder);
});

test('where no place will do, the sentence says why of each', async (t) => {
  const folder = await scratch(t);
  const long = path.join(folder, 'x'.repeat(80));
  const open = path.join(folder, 'open');
  await mkdir(open);
  await chmod(open, 0o777);
  const places = [long, open, path.join(folder, 'absent'), path.join(folder, 'file')];
  await writeFile(path.join(folder, 'file'), '');
  const error = t.throws(() => makePrivateFolder('root@h1:22', places), { code: 'forward-refused' });
  const [, why = ''] =
    /sockets: (.*)\. Set TMPDIR to a directory of your own with a short path\.$/.exec(error?.message ?? '') ??
    [];
  t.deepEqual(why.split(', '), [
    `${long} has too long a path for a socket`,
    `${open} can be changed by other users`,
    `${folder}/absent does not exist`,
    `${folder}/file cannot be used (ENOTDIR)`,
  ]);
});

test.serial(
  'what twenty killed processes left is removed by the next, and what a live one holds is not',
  async (t) => {
    const base = await scratch(t);
    const env = { TMPDIR: base };
    const live = await start(t, [maker], env);
    for (let count = 0; count < 5; count += 1) {
      const four = await Promise.all([1, 2, 3, 4].map(() => start(t, [maker], env)));
      await writeFile(path.join(four[0]?.line ?? '', 's'), '');
      await Promise.all(four.map(kill));
    }
    const next = await start(t, [maker], env);
    t.deepEqual((await readdir(base)).sort(), [path.basename(live.line), path.basename(next.line)].sort());
  },
);

test.serial('a tunnel that was killed leaves nothing for long', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start();
  const base = await scratch(t);
  for (const transport of ['ssh2', 'openssh'] as const) {
    const task = { ending: 'stay', options: { ...sshd.options, transport }, target: target.address };
    await kill(await start(t, [user, JSON.stringify(task)], { TMPDIR: base }));
  }
  t.true((await readdir(base)).length >= 2);
  const next = await start(t, [maker], { TMPDIR: base });
  t.deepEqual(await readdir(base), [path.basename(next.line)]);
});

test.serial('what only looks like the directory of a dead process of ours stays', async (t) => {
  const base = await scratch(t);
  const dead = await start(t, [maker], { TMPDIR: base });
  await kill(dead);
  const name = path.basename(dead.line);
  const [hawser, pid, started, space = '', random = ''] = name.split('-');
  const named = (...parts: (string | undefined)[]) => path.join(base, parts.join('-'));
  const elsewhere = path.join(base, 'elsewhere');
  await mkdir(elsewhere, { mode: 0o700 });
  await writeFile(path.join(elsewhere, 'precious'), '');

  const otherSpace = named(
    hawser,
    pid,
    started,
    space.replace(/^./, (first) => (first === '0' ? '1' : '0')),
    random,
  );
  const openToOthers = named(hawser, pid, started, space, 'aaaaaa');
  const link = named(hawser, pid, started, space, 'bbbbbb');
  const file = named(hawser, pid, started, space, 'cccccc');
  const another = path.join(base, 'hawser-AbCdEf');
  const owned = named(hawser, pid, started, space, 'dddddd');
  await rename(dead.line, otherSpace);
  await mkdir(openToOthers, { mode: 0o755 });
  await symlink(elsewhere, link);
  await writeFile(file, '', { mode: 0o700 });
  await mkdir(another, { mode: 0o700 });
  await mkdir(owned, { mode: 0o700 });
  if (process.geteuid?.() === 0) await chown(owned, 65_534, 65_534);
  else await chmod(owned, 0o750);
  const before = await readdir(base);

  const next = await start(t, [maker], { TMPDIR: base });
  t.deepEqual((await readdir(base)).sort(), [...before, path.basename(next.line)].sort());
  t.deepEqual(await readdir(elsewhere), ['precious']);
});

test.serial('links in a directory that is removed are not followed', async (t) => {
  const base = await scratch(t);
  const elsewhere = path.join(base, 'elsewhere');
  await mkdir(elsewhere);
  await writeFile(path.join(elsewhere, 'precious'), '');
  const dead = await start(t, [maker], { TMPDIR: base });
  await symlink(elsewhere, path.join(dead.line, 'd'));
  await kill(dead);
  const next = await start(t, [maker], { TMPDIR: base });
  t.deepEqual((await readdir(base)).sort(), ['elsewhere', path.basename(next.line)].sort());
  t.deepEqual(await readdir(elsewhere), ['precious']);
});
