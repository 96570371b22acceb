import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import path from 'node:path';
import type { Architecture } from '../../../cli/setup/programs/check-elf.js';
import type { LocalProgram } from '../../../cli/setup/programs/local-program.js';
import { prepareBundle } from '../../../cli/setup/programs/prepare-bundle.js';
import { prepareRuntime } from '../../../cli/setup/programs/prepare-runtime.js';
import { ownCacheFolder } from '../../../cli/system/user-folders.js';
import { programFile } from '../../../fixtures/fleet/project-paths.js';
import type { Effort } from '../effort.js';
import { type Check, compare, type Topic } from '../report.js';
import { median } from '../statistics.js';
import { makeAnotherBuild } from './another-build.js';
import { CLUSTER_SIZE, hasAnsible, Playbook } from './playbook.js';
import { Scene, type SceneOptions } from './scene.js';

/** What is timed, how long it may take, and whether it is an installation, which is to be faster than by the play. */
const TASKS = [
  { name: 'from bare hosts', mostSeconds: 45, isInstallation: true },
  { name: 'where the runtime is there', mostSeconds: 15, isInstallation: true },
  { name: 'again, with nothing to do', mostSeconds: 3, isInstallation: false },
  { name: 'upgrade to another build', mostSeconds: 15, isInstallation: false },
] as const;
type Task = (typeof TASKS)[number]['name'];

const FASTER = 3;
const MOST_BYTES = 1.2;

/** Seconds by task, turn by turn. */
type Times = Map<Task, number[]>;

interface Programs {
  readonly bundle: LocalProgram;
  readonly runtime: LocalProgram;
}

/** Brings up, looks at and upgrades the same hosts by both, in turns. */
export async function measureScene(options: SceneOptions, effort: Effort): Promise<Topic> {
  const signal = AbortSignal.timeout(3_600_000);
  const programs: Programs = {
    bundle: await prepareBundle(),
    // Fetched before, which both leave out.
    runtime: await prepareRuntime({ architecture: process.arch as Architecture, say: () => {}, signal }),
  };
  const ours: Times = new Map();
  const theirs: Times = new Map();
  const bytes: number[] = [];
  const isCompared = await hasAnsible();
  const load = () => (loadavg()[0] ?? 0).toFixed(1);
  const before = load();
  for (let round = 0; round < (effort.isQuick ? 1 : 3); round += 1) {
    await measureHawser(options, programs, ours, bytes);
    if (isCompared) await measureAnsible(options, programs, theirs);
  }
  return {
    title: `${options.hosts} hosts at a round trip of ${options.roundTripMs} ms, etcd on ${CLUSTER_SIZE}, seconds`,
    columns: ['hawser', 'ansible', 'times'],
    rows: TASKS.map(({ name }) => {
      const [mine, other] = [median(ours.get(name) ?? []), median(theirs.get(name) ?? [])];
      return { name, values: isCompared ? [mine, other, other / mine] : [mine, undefined, undefined] };
    }),
    checks: [...timeChecks(options, ours), ...ratioChecks(ours, theirs), ...byteChecks(bytes)],
    notes: [
      `the load was ${before} at the start and ${load()} in the end; laptop and hosts share this machine's processors`,
      ...(isCompared ? [] : ['not compared: there is no ansible-playbook (Debian: apt-get install ansible)']),
      ...(bytes.length > 0 ? ['what the hosts say to each other is not delayed'] : []),
    ],
  };
}

async function measureHawser(
  options: SceneOptions,
  { bundle, runtime }: Programs,
  times: Times,
  bytes: number[],
): Promise<void> {
  const size = String(CLUSTER_SIZE);
  const cache = { XDG_CACHE_HOME: path.dirname(ownCacheFolder()) };
  {
    await using scene = await Scene.set(options);
    const up = [programFile, 'up', '--yes', '--name', 'bench', '--cluster-size', size] as const;
    add(times, 'from bare hosts', await scene.time([process.execPath, ...up, ...scene.names], cache));
    const again = await scene.time([process.execPath, programFile, 'up'], cache);
    add(times, 'again, with nothing to do', again);
    const { program, bundle: other } = await makeAnotherBuild(path.join(scene.folder, 'other'), bundle);
    const before = await scene.sentBytes();
    const upgrade = await scene.time([process.execPath, program, 'upgrade', '--yes'], cache);
    add(times, 'upgrade to another build', upgrade);
    const sent = (await scene.sentBytes()) - before;
    if (sent > 0) bytes.push(sent / options.hosts / other.sizeBytes);
  }
  await using scene = await Scene.set(options);
  await putRuntime(scene, runtime);
  const up = [programFile, 'up', '--yes', '--name', 'bench', '--cluster-size', size, ...scene.names] as const;
  add(times, 'where the runtime is there', await scene.time([process.execPath, ...up], cache));
}

async function measureAnsible(
  options: SceneOptions,
  { bundle, runtime }: Programs,
  times: Times,
): Promise<void> {
  {
    await using scene = await Scene.set(options);
    const play = await Playbook.write(scene, runtime, bundle);
    add(times, 'from bare hosts', await play.run(bundle));
    add(times, 'again, with nothing to do', await play.run(bundle));
    const { bundle: other } = await makeAnotherBuild(path.join(scene.folder, 'other'), bundle);
    add(times, 'upgrade to another build', await play.run(other, { isRolling: true }));
  }
  await using scene = await Scene.set(options);
  await putRuntime(scene, runtime);
  const play = await Playbook.write(scene, runtime, bundle);
  add(times, 'where the runtime is there', await play.run(bundle));
}

/** As an earlier installation left it, for both. */
async function putRuntime(scene: Scene, runtime: LocalProgram): Promise<void> {
  const script = `
    mkdir -p "\${2%/*}"
    cat >"$1"
    gunzip -c "$1" >"$2"
    chmod 644 "$1"
    chmod 755 "$2"`;
  const input = await readFile(runtime.file);
  await scene.onEach(script, [Playbook.keptRuntime, `/opt/hawser/${runtime.path}`], input);
}

function add(times: Times, task: Task, tookMs: number): void {
  times.set(task, [...(times.get(task) ?? []), tookMs / 1_000]);
}

/** The times that are aimed at are those of three hosts. */
function timeChecks({ hosts }: SceneOptions, ours: Times): Check[] {
  if (hosts !== CLUSTER_SIZE) return [];
  return TASKS.map(({ name, mostSeconds }) => ({
    what: `${name}, s`,
    got: median(ours.get(name) ?? []),
    sense: 'at most',
    wanted: mostSeconds,
  }));
}

function ratioChecks(ours: Times, theirs: Times): Check[] {
  const comparable = TASKS.filter(
    ({ name, isInstallation }) => isInstallation && (theirs.get(name) ?? []).length > 0,
  );
  return comparable.map(({ name }) =>
    compare({
      what: `${name}, times as fast as ansible`,
      of: theirs.get(name) ?? [],
      against: ours.get(name) ?? [],
      sense: 'at least',
      wanted: FASTER,
    }),
  );
}

function byteChecks(bytes: readonly number[]): Check[] {
  if (bytes.length === 0) return [];
  const what = 'bytes sent to a host for an upgrade against its compressed bundle';
  return [{ what, got: median(bytes), sense: 'at most', wanted: MOST_BYTES }];
}
