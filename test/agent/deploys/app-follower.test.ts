import { readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { OnceFile } from '../../../agent/deploys/hooks/once-file.js';
import { readProcess } from '../../../agent/processes/process-table.js';
import type { Manifest } from '../../../world/internal.js';
import { AppHost, deployOf, type FollowedApp, runsWell } from '../helpers/app-host.js';

const stays = ['sleep', '1000'] as const;
const settleMs = 50;

function manifest(more: Partial<Manifest> = {}): Manifest {
  return { name: 'app', settleMs, processes: { main: { run: [...stays] } }, ...more };
}

function pidOf({ app }: FollowedApp, process = 'main'): number {
  return app.state?.processes[process]?.pid ?? Number.NaN;
}

test('a deploy goes from step to step, and the next one replaces it', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  const hook = (name: string) => ({
    run: ['sh', '-c', `echo ${name} $HAWSER_RELEASE $PWD >>$LOG`] as [string, ...string[]],
  });
  const log = path.join(host.folder, 'log');
  const hooks = { prepare: hook('prepare'), verify: hook('verify'), stop: hook('stop') };
  const [one, two] = [1, 2].map((id) => deployOf(id, manifest({ hooks, env: { LOG: log } })));
  if (one === undefined || two === undefined) throw new Error('two deploys');
  for (const entry of [one, two]) host.store(entry, { version: String(entry.id) });
  t.like(await app.deploy(one), { state: 'healthy', current: 1 });
  t.deepEqual(app.steps(1), ['fetch', 'prepare', 'stop', 'switch', 'start', 'health', 'verify', 'verify']);
  const first = pidOf(app);
  t.like(app.app.state, { deploy: 1, tree: one.deployment.tree });
  t.like(await app.deploy(two), { state: 'healthy', current: 2 });
  t.is(readProcess(first), undefined);
  const { folder } = app.app.releases;
  t.is(await readlink(`/proc/${pidOf(app)}/cwd`), path.join(folder.releases, '2'));
  t.is(await readlink(path.join(folder.path, 'current')), 'releases/2');
  const at = (id: number) => path.join(folder.releases, String(id));
  t.deepEqual((await readFile(log, 'utf8')).trimEnd().split('\n'), [
    `prepare 1 ${at(1)}`,
    `verify 1 ${at(1)}`,
    `prepare 2 ${at(2)}`,
    `stop 1 ${at(1)}`,
    `verify 2 ${at(2)}`,
  ]);
});

test('what fails before the switch leaves the app alone; what fails after it is taken back', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  t.is((await app.deploy(deployFiles(host, 1))).state, 'healthy');
  const first = pidOf(app);
  const fails = { run: ['sh', '-c', 'echo said; exit 4'] as [string, ...string[]] };
  const hangs = {
    run: ['sh', '-c', 'echo hangs; sleep 1000 & wait'] as [string, ...string[]],
    timeoutMs: 200,
  };

  const failed = await app.deploy(deployFiles(host, 2, { hooks: { prepare: fails } }));
  t.like(failed, { state: 'failed', step: 'prepare', logTail: 'said', current: 1 });
  t.is(failed.message, 'The hook prepare failed (exit code 4). Deploy 1 is still running.');
  const hung = await app.deploy(deployFiles(host, 3, { hooks: { prepare: hangs } }));
  t.is(hung.message, 'The hook prepare did not end within 0.2 s and was killed. Deploy 1 is still running.');
  const nobody = await app.deploy(deployFiles(host, 4, { user: 'no-such-user' }));
  t.regex(nobody.message, /no-such-user.*Deploy 1 is still running/);
  const limited = await app.deploy(deployFiles(host, 5, { limits: { memoryBytes: 1e9 } }));
  t.regex(limited.message, /limit of memory, which takes systemd.*Deploy 1 is still running/);
  t.is(pidOf(app), first);

  const unverified = await app.deploy(deployFiles(host, 6, { hooks: { verify: fails } }));
  t.like(unverified, { state: 'failed', step: 'verify', logTail: 'said', current: 1 });
  t.regex(unverified.message, /^The hook verify failed \(exit code 4\)\. Deploy 1 is running again\.$/);
  await app.state('the first runs again', (state) => state.deploy === 1 && runsWell(state));
  t.not(pidOf(app), first);
  t.deepEqual(await host.releases('app'), ['1']);
  t.is(await readlink(path.join(app.app.releases.folder.path, 'current')), 'releases/1');
});

test('what the hooks of a deploy wrote is told with its end', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  const hooks: Manifest['hooks'] = { prepare: { run: ['echo', '3 tables made'] }, verify: { run: ['true'] } };
  const ending = await app.deploy(deployFiles(host, 1, { hooks }));
  t.like(ending, { state: 'healthy', logTail: 'prepare:\n3 tables made' });
});

test('a release that is gone back to and does not run is told as that', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  const works = path.join(host.folder, 'works');
  await writeFile(works, '');
  const run: [string, ...string[]] = ['sh', '-c', `[ -e ${works} ] || exit 9; exec sleep 1000`];
  t.is((await app.deploy(deployFiles(host, 1, { processes: { main: { run } } }))).state, 'healthy');
  const second = deployFiles(host, 2);
  t.is((await app.deploy(second)).state, 'healthy');
  await rm(works);
  app.want(second, { isGoingBack: true });
  const taken = await app.until('going back failed', () =>
    app.reports.find(({ step, state }) => step === 'back' && state === 'failed'),
  );
  t.like(taken, { id: 2, state: 'failed', current: 1 });
  t.is(taken.message, 'Taken back. Going back to deploy 1 failed, too: process main exited (exit code 9).');
  const third = await app.deploy(
    deployFiles(host, 3, { settleMs: 60_000, processes: { main: { run: ['false'] } } }),
  );
  t.like(third, { state: 'failed', step: 'back' });
  t.regex(third.message, /exited \(exit code 1\)\. Going back to deploy 1 failed, too: process main exited/);
  await writeFile(works, '');
  await app.state('the first runs after all', (state) => state.deploy === 1 && runsWell(state));
});

test('all processes of a release have to be well, and each is restarted by itself', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  const processes = (worker: string): Manifest['processes'] => ({
    web: { run: ['sh', '-c', 'ulimit -n; exec sleep 1000'], env: { ROLE: 'web' } },
    worker: { run: ['sh', '-c', worker] },
  });
  const bad = await app.deploy(
    deployFiles(host, 1, { settleMs: 60_000, processes: processes('echo no work; exit 3') }),
  );
  t.like(bad, { state: 'failed', logTail: 'no work', current: 0 });
  t.regex(bad.message, /process worker exited \(exit code 3\)\. Nothing is running here now/);
  t.is(app.app.state, undefined);

  t.is(
    (
      await app.deploy(
        deployFiles(host, 2, { limits: { files: 123 }, processes: processes('exec sleep 1000') }),
      )
    ).state,
    'healthy',
  );
  const [web, worker] = [pidOf(app, 'web'), pidOf(app, 'worker')];
  t.regex(await readFile(`/proc/${web}/environ`, 'latin1'), /\0ROLE=web\0/);
  process.kill(worker, 'SIGKILL');
  const down = await app.state(
    'the worker is down',
    ({ processes }) => processes['worker']?.state === 'restarting',
  );
  t.like(down.processes['worker'], { state: 'restarting', lastExit: 'exited (SIGKILL)' });
  await app.state('it runs again', runsWell);
  t.like(app.app.state?.processes['worker'], { restarts: 1, lastExit: 'exited (SIGKILL)' });
  t.is(pidOf(app, 'web'), web);
  t.deepEqual((await readdir(path.join(app.app.releases.folder.path, 'log'))).sort(), [
    'web.log',
    'worker.log',
  ]);
});

test('a process that overlaps is stopped only when the new one is well, and not at all if that fails', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  const overlapping = (run: [string, ...string[]]): Partial<Manifest> => ({
    processes: { main: { run, switch: 'overlap' } },
  });
  t.is((await app.deploy(deployFiles(host, 1, overlapping([...stays])))).state, 'healthy');
  const first = pidOf(app);
  const failed = await app.deploy(
    deployFiles(host, 2, { settleMs: 60_000, ...overlapping(['sh', '-c', 'exit 1']) }),
  );
  t.is(failed.state, 'failed');
  t.is(pidOf(app), first);
  t.not(readProcess(first), undefined);
  const watched = ['sh', '-c', `kill -0 ${first} && exec sleep 1000`] as [string, ...string[]];
  t.is((await app.deploy(deployFiles(host, 3, overlapping(watched)))).state, 'healthy');
  t.is(readProcess(first), undefined);
  t.like(app.app.state, { deploy: 3 });
});

test('a host waits for its turn, and goes back when the fleet does', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  await app.deploy(deployFiles(host, 1));
  const first = pidOf(app);
  const second = deployFiles(host, 2);
  app.want(second, { isAdmitted: false });
  t.like(await app.reached(2, 'wait'), { state: 'waiting', current: 1 });
  t.is(pidOf(app), first);
  app.want(second);
  t.is((await app.ended(2)).state, 'healthy');
  app.want(second, { isGoingBack: true });
  const back = await app.until('it went back', () =>
    app.reports.find(({ state }) => state === 'rolled-back'),
  );
  t.like(back, { id: 2, current: 1, message: 'Taken back: deploy 1 is running again.' });

  const third = deployFiles(host, 3, { settleMs: 600_000 });
  app.want(third);
  await app.reached(3, 'health');
  app.want(third, { isGoingBack: true });
  t.like(await app.ended(3), { state: 'rolled-back', current: 1 });
  const fourth = deployFiles(host, 4);
  app.want(fourth, { isAdmitted: false });
  await app.reached(4, 'wait');
  app.want(fourth, { isAdmitted: false, isGoingBack: true });
  t.like(await app.ended(4), { state: 'rolled-back', current: 1 });
  await app.state('the first runs', (state) => state.deploy === 1 && runsWell(state));
});

test('the hook "once" is run by the host that is told to, before its turn, and never twice', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  const log = path.join(host.folder, 'once');
  const once = (script: string): Partial<Manifest> => ({ hooks: { once: { run: ['sh', '-c', script] } } });
  const first = deployFiles(host, 1, once(`echo ran >>${log}`));
  app.want(first, { isAdmitted: false });
  await app.reached(1, 'wait');
  app.want(first, { isAdmitted: false, isOnceHost: true });
  await app.until('the hook has run', () =>
    app.reports.find(({ step, state }) => step === 'once' && state === 'waiting'),
  );
  t.deepEqual(app.steps(1), ['fetch', 'wait', 'once', 'once']);
  app.want(first, { isOnceHost: true });
  t.is((await app.ended(1)).state, 'healthy');
  t.is(await readFile(log, 'utf8'), 'ran\n');

  app.want(deployFiles(host, 2, once('echo broken; exit 1')), { isAdmitted: false, isOnceHost: true });
  t.like(await app.ended(2), { state: 'failed', step: 'once', logTail: 'broken', current: 1 });
  // As if the agent had been killed in the middle of it.
  const third = deployFiles(host, 3, once(`echo again >>${log}`));
  await new OnceFile(app.app.releases.folder.path).write(third, false);
  app.want(third, { isAdmitted: false, isOnceHost: true });
  t.regex((await app.ended(3)).message, /was interrupted when the agent stopped.*Deploy 1 is still running/);
  const fourth = deployFiles(host, 4, once(`echo again >>${log}`));
  t.is((await app.deploy(fourth)).state, 'healthy');
  t.is(await readFile(log, 'utf8'), 'ran\n');
});

test('a newer deploy ends the one that is tried, at once', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  await app.deploy(deployFiles(host, 1));
  app.want(deployFiles(host, 2, { settleMs: 600_000 }));
  await app.reached(2, 'health');
  t.like(
    await app.deploy(deployFiles(host, 3, { settleMs: 60_000, processes: { main: { run: ['false'] } } })),
    {
      state: 'failed',
      current: 1,
    },
  );
  app.want(deployFiles(host, 4), { isAdmitted: false });
  await app.reached(4, 'wait');
  t.is((await app.deploy(deployFiles(host, 5))).state, 'healthy');
  t.true(app.reports.every(({ id, state }) => state !== 'healthy' || id === 1 || id === 5));
});

test('a deploy that nobody confirms in time is taken back', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  await app.deploy(deployFiles(host, 1));
  const late = await app.deploy(deployFiles(host, 2, { rollout: { confirmMs: 100 } }));
  t.like(late, { state: 'failed', step: 'confirm', current: 1 });
  t.is(late.message, 'Nobody confirmed the deploy within 0.1 s. Deploy 1 is running again.');
  const third = deployFiles(host, 3, { rollout: { confirmMs: 600_000 } });
  app.want(third);
  await app.reached(3, 'confirm');
  t.is(await app.app.releases.lastHealthy(), '1');
  app.want(third, { isConfirmed: true });
  t.is((await app.ended(3)).state, 'healthy');
  t.is(await app.app.releases.lastHealthy(), '3');
});

test('an app that is removed leaves nothing but what its releases shared', async (t) => {
  const host = await AppHost.make(t);
  const app = await host.app('app');
  await app.deploy(
    deployFiles(host, 1, {
      shared: ['data'],
      processes: { main: { run: ['sh', '-c', 'echo x >data/kept; exec sleep 1000'] } },
    }),
  );
  const pid = pidOf(app);
  const removal = deployOf(2, manifest(), { action: 'remove' });
  t.like(await app.deploy(removal), { state: 'healthy', current: 0 });
  t.is(readProcess(pid), undefined);
  const { folder } = app.app.releases;
  t.deepEqual(await readdir(folder.path), ['shared']);
  t.is(await readFile(path.join(folder.shared, 'data', 'kept'), 'utf8'), 'x\n');
  t.is(app.app.state, undefined);
  t.is((await app.deploy(deployFiles(host, 3, { shared: ['data'] }))).state, 'healthy');
  t.is(await readFile(path.join(folder.path, 'current', 'data', 'kept'), 'utf8'), 'x\n');
});

/** A deploy whose files are there. */
function deployFiles(host: AppHost, id: number, more: Partial<Manifest> = {}) {
  const entry = deployOf(id, manifest(more));
  host.store(entry, { version: String(id) });
  return entry;
}
