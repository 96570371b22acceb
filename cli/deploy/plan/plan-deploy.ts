import { createHash } from 'node:crypto';
import type { ClientWorld } from '../../../world/client-world.js';
import type { Deployment } from '../../../world/deploys/deploy-payload.js';
import type { RunningApp } from '../../../world/deploys/running-apps.js';
import { WorldError } from '../../../world/errors.js';
import type { TreeChange } from '../../../world/fs/deploy-trees/compare-trees.js';
import type { FolderTree } from '../../../world/fs/deploy-trees/put-deploy-tree.js';
import { readSchedule, readScheduledApps, type ScheduledApp } from '../../apps/read-schedules.js';
import type { Position } from '../append-deploy.js';
import { findPosition } from '../append-prepared-deploy.js';
import type { Prepared } from '../prepare-deploy.js';
import { type LoggedDeployment, type ReadCall, readDeployment } from '../read-deploys.js';
import { findTargets, listFleet, type Targets } from '../read-target-hosts.js';
import { compareManifests, type ManifestChange } from './compare-manifests.js';
import { planBatches } from './plan-batches.js';

/** More than goes with other calls, less than is worth more connections. */
const USUAL_UPLOAD_BYTES = 1 << 20;

/** Hosts that run the same now, and what changes for them. */
export interface ChangedHosts {
  readonly hosts: readonly string[];
  /** The deploy that they run; undefined for none. */
  readonly from: number | undefined;
  /** Its files, if they are still stored. */
  readonly tree: string | undefined;
  readonly changes: readonly TreeChange[];
}

/** What a deploy would do. */
export interface DeployPlan {
  readonly position: Position;
  readonly app: string;
  readonly targets: Targets;
  /** What decides which of these run it; undefined: all do. */
  readonly schedule: ScheduledApp | undefined;
  /** Other apps that have the same schedule with other settings. */
  readonly otherSettings: readonly string[];
  readonly folder: FolderTree;
  /** Empty where nobody will see it. */
  readonly groups: readonly ChangedHosts[];
  /** Which hosts switch together, one batch after the other. */
  readonly batches: readonly (readonly string[])[];
  /** Against the app's newest deploy. */
  readonly settings: readonly ManifestChange[];
  /** The app's newest deploy. */
  readonly newest: LoggedDeployment | undefined;
  /** Stands for all that the plan was made from: it is another one once the fleet has moved. */
  readonly revision: string;
}

interface PlanInput {
  readonly prepared: Prepared;
  /** Whether somebody will see what changes. */
  readonly isSeen: boolean;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Compares what would be deployed with what each host runs now. */
export async function planDeploy(
  world: ClientWorld,
  { prepared, isSeen, ...call }: PlanInput,
): Promise<DeployPlan> {
  const { manifest } = prepared;
  const { signal } = call;
  const [fleet, position, folder, running, schedule] = await Promise.all([
    listFleet(world, signal),
    findPosition(world, prepared, signal),
    describe(world, prepared, signal),
    world.getRunning(call),
    manifest.schedule && readSchedule(world, manifest.schedule, call),
  ]);
  const targets = findTargets(fleet, manifest.hosts);
  const { previous } = position;
  // Of an app's first deploy the fleet most probably has nothing.
  if (previous === undefined) world.client.expectBulk(folder.sizeBytes);
  const newest = previous === undefined ? undefined : await readDeployment(world, previous, call);
  const hosts = [...targets.live, ...targets.away].sort();
  const runs = new Map(hosts.map((host) => [host, running.get(host)?.apps[manifest.name]] as const));
  const concerned = new Map(
    [...runs].filter(([host, app]) => app !== undefined || isConcerned(host, schedule)),
  );
  return {
    ...{ position, app: manifest.name, targets, schedule, folder, newest },
    otherSettings: await findOtherSettings(world, manifest.name, schedule, call),
    groups: isSeen
      ? await Promise.all(groupByDeploy(concerned).map((group) => compare(world, group, folder, signal)))
      : [],
    batches: planBatches(chosenOf(targets, schedule), { manifest, noop: prepared.choices.noop }),
    settings: compareManifests(newest?.deployment.manifest, manifest),
    revision: revisionOf(position, targets, runs),
  };
}

/** Opens connections for the upload meanwhile; more of them only where it is known to be large. */
async function describe(
  world: ClientWorld,
  { choices, isLeftOut }: Prepared,
  signal: AbortSignal,
): Promise<FolderTree> {
  const folder = await world.describeFolder(choices.folder, { isLeftOut, signal });
  world.client.expectBulk(Math.min(folder.sizeBytes, USUAL_UPLOAD_BYTES));
  return folder;
}

/**
 * The app's newest deploy, if deploying would change nothing: the same files and settings of the same commit for the same hosts, and
 * it did not go wrong.
 */
export function sameAsNewest(
  { newest, folder, settings, targets }: DeployPlan,
  hash: string,
): LoggedDeployment | undefined {
  if (newest === undefined || newest.deployment.noop || newest.deployment.action === 'remove')
    return undefined;
  const { tree, hosts } = newest.deployment;
  const isSame = tree === folder.tree && settings.length === 0 && newest.hash === hash;
  const verdict = newest.record?.verdict;
  const names = [...targets.live, ...targets.away].sort();
  if (!isSame || JSON.stringify(names) !== JSON.stringify([...hosts].sort())) return undefined;
  return verdict === undefined || verdict === 'healthy' ? newest : undefined;
}

/** Those that would switch as things stand. */
function chosenOf(targets: Targets, schedule: ScheduledApp | undefined): Targets {
  if (schedule === undefined) return targets;
  return { live: targets.live.filter((host) => schedule.chosen.includes(host)), away: [] };
}

/** Whether a host that does not run the app may have to. */
function isConcerned(host: string, schedule: ScheduledApp | undefined): boolean {
  return schedule === undefined || schedule.chosen.length === 0 || schedule.chosen.includes(host);
}

async function findOtherSettings(
  world: ClientWorld,
  name: string,
  schedule: ScheduledApp | undefined,
  call: ReadCall,
): Promise<string[]> {
  if (schedule === undefined) return [];
  const others = await readScheduledApps(world, world.getApps(call), call);
  return [...others].flatMap(([app, { namespace, maxCount, strategy }]) => {
    const isSame = maxCount === schedule.maxCount && strategy === schedule.strategy;
    return app === name || namespace !== schedule.namespace || isSame ? [] : [app];
  });
}

function revisionOf(
  { id }: Position,
  { live, away }: Targets,
  runs: ReadonlyMap<string, RunningApp | undefined>,
): string {
  const state = [id, live, away, [...runs].map(([host, app]) => [host, app?.deploy ?? 0])];
  return createHash('sha256').update(JSON.stringify(state)).digest('hex').slice(0, 16);
}

type Group = Omit<ChangedHosts, 'changes'>;

function groupByDeploy(runs: ReadonlyMap<string, RunningApp | undefined>): Group[] {
  const groups = new Map<number, { hosts: string[]; from: number | undefined; tree: string | undefined }>();
  for (const [host, app] of runs) {
    const key = app?.deploy ?? 0;
    const group = groups.get(key) ?? { hosts: [], from: app?.deploy, tree: app?.tree };
    group.hosts.push(host);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => (b.from ?? 0) - (a.from ?? 0));
}

/** Files that are no longer stored count as none. */
async function compare(
  world: ClientWorld,
  group: Group,
  folder: FolderTree,
  signal: AbortSignal,
): Promise<ChangedHosts> {
  const diff = (tree: string | undefined) => world.diffTrees(tree, folder, { signal });
  try {
    return { ...group, changes: await diff(group.tree) };
  } catch (error) {
    if (!(error instanceof WorldError) || error.code !== 'not-found') throw error;
    return { ...group, tree: undefined, changes: await diff(undefined) };
  }
}

/** In the words of the manifest: "canary 1, then 25% at a time, 30 s apart". */
export function describeOrder({ manifest }: Pick<Deployment, 'manifest'>): string | undefined {
  const { canary, batch, pauseMs } = manifest.rollout ?? {};
  if (canary === undefined && batch === undefined) return undefined;
  const first = canary === undefined ? [] : [canary === 1 ? 'one host first' : `${canary} hosts first`];
  const rest = batch === undefined ? 'all others at once' : `${batch} at a time`;
  const pause = pauseMs === undefined ? [] : [`${pauseMs / 1_000} s apart`];
  return [...first, first.length === 0 ? rest : `then ${rest}`, ...pause].join(', ');
}
