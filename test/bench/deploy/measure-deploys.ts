import { rm, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import path from 'node:path';
import type { Effort } from '../effort.js';
import { type Check, compare, type Topic } from '../report.js';
import { median } from '../statistics.js';
import { DeployScene, type SceneOptions } from './deploy-scene.js';
import { changeOneFile, writeLargeFile, writeSmallFiles } from './sample-folders.js';

/** What is timed, in this order; `isFirst` is what is to be faster than by rsync. */
const TASKS = [
  { name: 'first deploy, 1,000 files of 10 KiB', isFirst: true },
  { name: 'one file changed', isFirst: false },
  { name: 'nothing changed', isFirst: false },
  { name: 'rollback', isFirst: false },
  { name: 'first deploy, one file of 50 MB', isFirst: true },
] as const;
type Task = (typeof TASKS)[number]['name'];

/** The share of rsync's time that a first deploy may take, by the number of hosts. */
const MOST_SHARE = new Map([
  [3, 0.8],
  [10, 0.3],
]);
const MOST_CHANGED_SECONDS = 1.5;
const CHANGED_AT_MS = 40;
const MOST_ROLLBACK_SECONDS = 1;

/** Seconds by task, turn by turn. */
type Times = Map<Task, number[]>;

/** Deploys the same directories by both, in turns. */
export async function measureDeploys(options: SceneOptions, effort: Effort): Promise<Topic> {
  const [ours, theirs]: [Times, Times] = [new Map(), new Map()];
  const load = () => (loadavg()[0] ?? 0).toFixed(1);
  await using scene = await DeployScene.set(options);
  const before = load();
  // Whatever is slow the first time for everybody is not what is measured.
  const warm = await makeApp(scene, 'warm', (folder) => writeSmallFiles(folder, 'warm'));
  await scene.hawser('deploy', warm, '--yes', '--no-git');
  await scene.rsync(warm, scene.newTarget());
  for (let round = 1; round <= (effort.isQuick ? 1 : 3); round += 1) {
    await measureSmall(scene, `small-${round}`, ours, theirs);
    await measureLarge(scene, `large-${round}`, ours, theirs);
  }
  return {
    title: `${options.hosts} hosts at a round trip of ${options.roundTripMs} ms, whole commands, seconds`,
    columns: ['hawser', 'rsync -az', 'share'],
    rows: TASKS.map(({ name }) => {
      const [mine, other] = [median(ours.get(name) ?? []), median(theirs.get(name) ?? [])];
      return { name, values: [mine, other, mine / other] };
    }),
    checks: [...shareChecks(options, ours, theirs), ...timeChecks(options, ours)],
    notes: [
      `the load was ${before} at the start and ${load()} in the end; laptop and hosts share this machine's processors`,
      'hawser: until every host reports healthy, all of it flushed to disk; rsync: to each host at once, flushing nothing',
      ...(options.roundTripMs > 0
        ? ['the link delays and ends TCP at both sides: the limits of TCP itself do not show']
        : []),
    ],
  };
}

async function measureSmall(scene: DeployScene, app: string, ours: Times, theirs: Times): Promise<void> {
  const folder = await makeApp(scene, app, (place) => writeSmallFiles(place, app));
  const target = scene.newTarget();
  const deploy = ['deploy', folder, '--yes', '--no-git'] as const;
  add(ours, 'first deploy, 1,000 files of 10 KiB', await scene.hawser(...deploy));
  add(theirs, 'first deploy, 1,000 files of 10 KiB', await scene.rsync(folder, target));
  await changeOneFile(folder, app);
  add(ours, 'one file changed', await scene.hawser(...deploy));
  add(theirs, 'one file changed', await scene.rsync(folder, target));
  add(ours, 'nothing changed', await scene.hawser(...deploy));
  add(theirs, 'nothing changed', await scene.rsync(folder, target));
  add(ours, 'rollback', await scene.hawser('rollback', '--app', app, '--yes'));
  await writeSmallFiles(folder, app);
  add(theirs, 'rollback', await scene.rsync(folder, target));
  await clear(scene, app, folder);
}

async function measureLarge(scene: DeployScene, app: string, ours: Times, theirs: Times): Promise<void> {
  const folder = await makeApp(scene, app, (place) => writeLargeFile(place, app));
  const deploy = ['deploy', folder, '--yes', '--no-git'] as const;
  add(ours, 'first deploy, one file of 50 MB', await scene.hawser(...deploy));
  add(theirs, 'first deploy, one file of 50 MB', await scene.rsync(folder, scene.newTarget()));
  await clear(scene, app, folder);
}

/** An app that is files only, as what rsync does is. */
async function makeApp(
  scene: DeployScene,
  name: string,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = path.join(scene.home, name);
  await fill(folder);
  await writeFile(path.join(folder, 'hawser.yaml'), `name: ${name}\n`);
  return folder;
}

async function clear(scene: DeployScene, app: string, folder: string): Promise<void> {
  await scene.hawser('remove', app, '--yes');
  await rm(folder, { recursive: true });
}

function add(times: Times, task: Task, tookMs: number): void {
  times.set(task, [...(times.get(task) ?? []), tookMs / 1_000]);
}

function shareChecks({ hosts }: SceneOptions, ours: Times, theirs: Times): Check[] {
  const wanted = MOST_SHARE.get(hosts);
  if (wanted === undefined) return [];
  return TASKS.filter(({ isFirst }) => isFirst).map(({ name }) =>
    compare({
      what: `${name}, against rsync`,
      of: ours.get(name) ?? [],
      against: theirs.get(name) ?? [],
      sense: 'at most',
      wanted,
    }),
  );
}

function timeChecks({ roundTripMs }: SceneOptions, ours: Times): Check[] {
  const got = (task: Task) => median(ours.get(task) ?? []);
  const rollback: Check = {
    what: 'rollback, s',
    got: got('rollback'),
    sense: 'at most',
    wanted: MOST_ROLLBACK_SECONDS,
  };
  if (roundTripMs !== CHANGED_AT_MS) return [rollback];
  const changed: Check = {
    what: 'one file changed, s to healthy',
    got: got('one file changed'),
    sense: 'at most',
    wanted: MOST_CHANGED_SECONDS,
  };
  return [changed, rollback];
}
