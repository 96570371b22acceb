import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { isMarked, listProcesses, readProcess } from '../../../agent/processes/process-table.js';
import type { Manifest } from '../../../world/internal.js';
import { AppHost, deployOf } from '../helpers/app-host.js';

type Program = [string, ...string[]];

const shell = (script: string): Program => ['sh', '-c', script];

/** A deploy of these files and programs to the only host. */
function deploy(host: AppHost, id: number, more: Partial<Manifest>) {
  const entry = deployOf(id, {
    name: 'app',
    settleMs: 50,
    processes: { main: { run: ['sleep', '1000'] } },
    ...more,
  });
  host.store(entry, { version: String(id) });
  return entry;
}

test('what an app of a bad release does is named, and leaves nothing behind', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  const failure = async (id: number, more: Partial<Manifest>) => {
    const report = await app.deploy(deploy(host, id, more));
    t.like(report, { state: 'failed', current: 1 }, report.message);
    return report;
  };
  t.is((await app.deploy(deploy(host, 1, {}))).state, 'healthy');

  const done = await failure(2, { settleMs: 60_000, processes: { main: { run: shell('exit 0') } } });
  t.regex(done.message, /it exited \(exit code 0\)\. Deploy 1 is running again\.$/);
  const forks = await failure(3, {
    settleMs: 60_000,
    processes: { main: { run: shell('setsid sleep 1001 & exit 0') } },
  });
  t.regex(forks.message, /it exited \(exit code 0\)/);
  const port = await failure(4, { processes: { main: { run: ['sleep', '1000'], listen: '127.0.0.1:1' } } });
  t.regex(port.message, /^The process main has "listen", which takes systemd/);
  const loud = await failure(5, {
    hooks: { prepare: { run: shell('yes | head -c 5000000; setsid sleep 1001 & echo end; exit 3') } },
  });
  t.regex(loud.message, /^The hook prepare failed \(exit code 3\)/);
  t.true((loud.logTail ?? '').length <= 16_384);
  t.true(loud.logTail?.endsWith('end'));
  const hangs = await failure(6, {
    health: { kind: 'exec', argv: shell('sleep 1001 & wait'), timeoutMs: 200, intervalMs: 10, tryMs: 100 },
  });
  t.regex(hangs.message, /sh did not end within 0\.1 s/);
  const ours = host.settings.mark.markOf('app');
  const left = listProcesses().flatMap(({ pid }) => (isMarked(pid, ours) ? [pid] : []));
  t.deepEqual(left, [app.app.state?.processes['main']?.pid]);
});

test('an app that ignores SIGTERM is killed after its grace', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  const stubborn = { run: shell('trap "" TERM; while :; do sleep 0.05; done'), stopGraceMs: 100 };
  t.is((await app.deploy(deploy(host, 1, { processes: { main: stubborn } }))).state, 'healthy');
  const pid = app.app.state?.processes['main']?.pid ?? 0;
  t.is((await app.deploy(deploy(host, 2, {}))).state, 'healthy');
  t.is(readProcess(pid), undefined);
});

test('a directory that takes no releases is named', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  const folder = path.join(host.settings.prefix, 'apps');
  await rm(folder, { recursive: true, force: true });
  await writeFile(folder, '');
  const { state, message } = await app.deploy(deploy(host, 1, {}));
  t.is(state, 'failed');
  t.is(
    message,
    `Cannot write to ${folder}/app: something on the way to it is not a directory. Nothing is running here.`,
  );
  await rm(folder);
  await mkdir(folder);
  t.is((await app.deploy(deploy(host, 2, {}))).state, 'healthy');
});

test('an app of files alone has the health that its check finds', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  const health = { kind: 'exec', argv: shell('[ -e version ]'), timeoutMs: 1_000, intervalMs: 10 } as const;
  t.is((await app.deploy(deploy(host, 1, { processes: {}, health }))).state, 'healthy');
  t.like(await app.state('it is well', (state) => state.health === 'passing'), { deploy: 1, processes: {} });
  t.is((await app.deploy(deploy(host, 2, { processes: {} }))).state, 'healthy');
  t.is(app.app.state?.health, undefined);
});
