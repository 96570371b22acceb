import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { AppLog } from '../../../agent/deploys/processes/app-log.js';
import { removeTree } from '../../../agent/deploys/releases/remove-tree.js';
import { openPrivateLog } from '../../../agent/prefix/open-private-file.js';
import { dieWithParent } from '../../../agent/processes/build-child-command.js';
import { Child } from '../../../agent/processes/child-process.js';
import { isMarked, listProcesses } from '../../../agent/processes/process-table.js';
import { patienceMs } from '../helpers/local-agent.js';

async function folderFor(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-child-'));
  t.teardown(() => removeTree(folder));
  return folder;
}

function program(name: string): string {
  return fileURLToPath(new URL(`../helpers/programs/${name}.js`, import.meta.url));
}

async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const until = Date.now() + patienceMs; !(await holds()); await delay(5))
    if (Date.now() > until) throw new Error(`it never came to be that ${what}`);
}

test.serial(
  'a program does not run when its agent was killed before the kernel was told to take it along',
  async (t) => {
    const folder = await folderFor(t);
    const options = { argv: ['touch', 'ran'] as [string, string], cwd: folder, environment: process.env };
    const [command, ...args] = dieWithParent({ ...options, procsFile: undefined });
    // What the parent's number would be if it had gone meanwhile: not ours.
    const ours = args.indexOf(String(process.pid));
    t.true(ours > 0);
    const orphaned = args.with(ours, '1');
    await t.throwsAsync(promisify(execFile)(command, orphaned, { cwd: folder }), {
      message: /Command failed/,
    });
    t.deepEqual(await readdir(folder), []);
    await promisify(execFile)(command, args, { cwd: folder });
    t.deepEqual(await readdir(folder), ['ran']);
  },
);

test.serial('a program goes with an agent that is killed, at whatever moment that is', async (t) => {
  const folder = await folderFor(t);
  const marked = `HAWSER_MARK=test/1\0`;
  for (let moment = 0; moment < 20; moment += 1) {
    const agent = spawn(process.execPath, [program('start-app'), folder, 'sleep', '1000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    if (moment % 4 === 0) await once(agent.stdout, 'data');
    else
      await eventually('it starts the program', () =>
        listProcesses().some(({ parent }) => parent === agent.pid),
      );
    agent.kill('SIGKILL');
    await once(agent, 'exit');
    await eventually('the program is gone', () => !listProcesses().some(({ pid }) => isMarked(pid, marked)));
  }
  t.pass();
});

test.serial(
  'a program of the release is found from the release, and one that is not there is said plainly',
  async (t) => {
    const folder = await folderFor(t);
    await mkdir(path.join(folder, 'bin'));
    await writeFile(path.join(folder, 'bin', 'run'), '#!/bin/sh\npwd\n');
    const start = () =>
      Child.start({
        argv: ['./bin/run'],
        cwd: folder,
        environment: process.env,
        logFile: path.join(folder, 'log'),
      });
    const forbidden = await t.throwsAsync(start());
    t.regex(forbidden?.message ?? '', /\.\/bin\/run: it cannot be executed \(EACCES\)/);
    await chmod(path.join(folder, 'bin', 'run'), 0o755);
    const child = await start();
    t.deepEqual(await child.exited, { code: 0, signal: null });
    t.is(await child.logTail(), folder);
    await rm(path.join(folder, 'bin'), { recursive: true });
    t.regex((await t.throwsAsync(start()))?.message ?? '', /no such program \(ENOENT\)/);
  },
);

test.serial('stopping a program gives all that it has started the time to end in order', async (t) => {
  const folder = await folderFor(t);
  const server = `trap 'echo ended in order; exit' TERM; echo up; while :; do sleep 0.02; done`;
  const child = await Child.start({
    argv: ['sh', '-c', `sh -c "$SERVER"; true`],
    cwd: folder,
    environment: { ...process.env, SERVER: server },
    logFile: path.join(folder, 'log'),
  });
  await eventually('it runs', async () => (await child.logTail()) === 'up');
  await child.stop(60_000);
  t.regex(await child.logTail(), /ended in order$/);
  t.deepEqual(child.processes(), []);
});

test.serial('stopping a program ends what ignores that, and what was stopped', async (t) => {
  const folder = await folderFor(t);
  const script = `setsid sh -c 'trap "" TERM; echo deaf; while :; do sleep 0.02; done' & sleep 1000`;
  const child = await Child.start({
    argv: ['sh', '-c', script],
    cwd: folder,
    environment: process.env,
    logFile: path.join(folder, 'log'),
    mark: `HAWSER_MARK=${path.basename(folder)}/1`,
  });
  await eventually('it runs', async () => (await child.logTail()) === 'deaf');
  t.true(child.processes().length >= 3);
  process.kill(child.pid ?? 0, 'SIGSTOP');
  await child.stop(300);
  t.deepEqual(child.processes(), []);
});

test.serial('what an app writes is bounded, and the newest of it stays', async (t) => {
  const folder = await folderFor(t);
  const file = path.join(folder, 'app.log');
  const said: string[] = [];
  const log = new AppLog(file, (_, message) => said.push(message));
  // 100 MB, as fast as they are put aside: how far an app gets before that is up to who gets the processor.
  const script = `const line = 'x'.repeat(1023) + '\\n'; const fs = require('fs');
    const wait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    for (let i = 0; i < 100; i++) {
      fs.writeSync(1, line.repeat(1024));
      while (fs.statSync('app.log').size > 12e6) wait();
    }
    fs.writeSync(1, 'the last line\\n');`;
  const child = await Child.start({
    argv: [process.execPath, '-e', script],
    cwd: folder,
    environment: process.env,
    logFile: file,
  });
  log.watch();
  let most = 0;
  const over = new AbortController();
  void child.exited.then(() => over.abort());
  while (!over.signal.aborted) {
    const sizes = await Promise.all(
      (await readdir(folder)).map((name) =>
        stat(path.join(folder, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    most = Math.max(
      most,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    await delay(20);
  }
  // The log may be rotated just after the end: then the line is the last of the old log, once that is in place.
  const lastOf = async (name: string) =>
    (await readFile(name, 'latin1').catch(() => '')).slice(-'the last line\n'.length).trimEnd();
  await eventually('the last line stays', async () =>
    [await child.logTail(1), await lastOf(`${file}.1`)].includes('the last line'),
  );
  await eventually('the log was put aside', async () => (await lstat(file)).size < 11_000_000);
  log.close();
  const names = (await readdir(folder)).sort();
  t.true(names.includes('app.log.1') && !names.includes('app.log.5'), names.join());
  t.log(`${most} bytes at most`);
  t.true(most < 80_000_000, `it took ${most} bytes`);
  t.deepEqual(said, []);
});

test.serial('a log is not written through a link', async (t) => {
  const folder = await folderFor(t);
  await writeFile(path.join(folder, 'victim'), 'untouched');
  await symlink('victim', path.join(folder, 'app.log'));
  await t.throwsAsync(openPrivateLog(path.join(folder, 'app.log')), {
    code: 'unsafe',
    message: /it is a link/,
  });
  await promisify(execFile)('mkfifo', [path.join(folder, 'pipe')]);
  await t.throwsAsync(openPrivateLog(path.join(folder, 'pipe')));
  t.is(await readFile(path.join(folder, 'victim'), 'utf8'), 'untouched');
});

test.serial('a release with directories that forbid writing is removed, without root too', async (t) => {
  const folder = await folderFor(t);
  const release = path.join(folder, 'release');
  const outside = path.join(folder, 'outside');
  await mkdir(path.join(release, 'closed', 'inner'), { recursive: true });
  await mkdir(outside);
  await writeFile(path.join(release, 'closed', 'inner', 'file'), 'x', { mode: 0o444 });
  await symlink('../outside', path.join(release, 'link'));
  await chmod(outside, 0o555);
  for (const name of ['closed/inner', 'closed', '']) await chmod(path.join(release, name), 0o555);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await promisify(execFile)('chown', ['-R', '65534', folder]);
  const argv = [process.execPath, program('remove-release'), release];
  const asNobody = ['setpriv', '--reuid=65534', '--clear-groups', '--', ...argv];
  const [command = '', ...args] = isRoot ? asNobody : argv;
  await promisify(execFile)(command, args, { cwd: '/' });
  t.deepEqual(await readdir(folder), ['outside']);
  t.is((await stat(outside)).mode & 0o777, 0o555);
});
