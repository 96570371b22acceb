import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { isLong } from '../../tunnel/lossless/faults.js';
import { AppHost, runsWell } from '../helpers/app-host.js';
import { KILL_ONCE, versionOf } from '../helpers/versions.js';

const program = fileURLToPath(new URL('../helpers/programs/apply-and-die.js', import.meta.url));

/** A host that runs deploy 1, and has the files of deploy 2. Its agent does not run. */
async function hostWithFirst(t: ExecutionContext, hooks = {}): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-killed-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const host = await AppHost.in(folder);
  for (const id of [1, 2]) host.store(versionOf(id), { version: String(id), other: 'x' });
  const app = await host.app('app');
  t.is((await app.deploy(versionOf(1, hooks))).state, 'healthy');
  await host.close();
  return folder;
}

/** Applies deploy 2 until the agent is killed, or has finished; says what it printed. */
async function apply(folder: string, change: number, hook = ''): Promise<string> {
  const args = [program, folder, '2', String(change), hook];
  const { stdout } = await promisify(execFile)(process.execPath, args).catch(
    (error: { signal?: string; stdout: string }) => {
      if (error.signal !== 'SIGKILL') throw error;
      return error;
    },
  );
  return stdout;
}

/** An agent starts again without its fleet: what runs is the old release or the new one, whole, and `current` names it. */
async function checkRestart(t: ExecutionContext, folder: string): Promise<number> {
  // Also for a web server that reads it while no agent runs.
  const current = path.join(folder, 'prefix', 'apps', 'app', 'current');
  t.is(`releases/${await readFile(path.join(current, 'version'), 'utf8')}`, await readlink(current));
  t.deepEqual((await readdir(current)).sort(), ['data', 'other', 'version']);
  const host = await AppHost.in(folder);
  try {
    const app = await host.app('app');
    const { deploy, processes } = await app.state('it runs', runsWell);
    const { folder: place } = app.app.releases;
    const release = path.join(place.releases, String(deploy));
    t.is(await readlink(`/proc/${processes['main']?.pid}/cwd`), release);
    t.is(await readlink(path.join(place.path, 'current')), `releases/${deploy}`);
    t.is(await readFile(path.join(release, 'version'), 'utf8'), String(deploy));
    t.deepEqual((await readdir(release)).sort(), ['data', 'other', 'version']);
    t.deepEqual(await readdir(place.incoming), []);
    return deploy;
  } finally {
    await host.close();
  }
}

test('an agent that is killed before any change of the disk leaves the old release or the new one', async (t) => {
  const first = await hostWithFirst(t);
  const seen = new Set<number>();
  // Each takes a while on a busy machine.
  const step = isLong ? 1 : 3;
  for (let change = 1; ; change += step) {
    const folder = `${first}-${change}`;
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    await cp(first, folder, { recursive: true, verbatimSymlinks: true });
    const said = await apply(folder, change);
    seen.add(await checkRestart(t, folder));
    await rm(folder, { recursive: true });
    if (said === '') continue;
    t.is(said, 'done: healthy\n');
    t.log(`${change - 1} changes`);
    break;
  }
  t.deepEqual([...seen].sort(), [1, 2]);
});

for (const hook of ['prepare', 'stop', 'verify'])
  test(`an agent that is killed during the hook ${hook} comes back with the old release, and tries again`, async (t) => {
    // The hook "stop" is that of the release that is stopped.
    const folder = await hostWithFirst(t, hook === 'stop' ? { stop: KILL_ONCE } : {});
    t.is(await apply(folder, 0, hook), '');
    t.is(await checkRestart(t, folder), 1);
    t.is(await apply(folder, 0), 'done: healthy\n');
    t.is(await checkRestart(t, folder), 2);
  });
