import type { ClientWorld } from '../../world/client-world.js';
import type { DeployLock } from '../../world/deploys/locks/deploy-lock.js';
import { listDeployLocks } from '../../world/deploys/locks/deploy-locks.js';
import type { Verdict } from '../../world/deploys/rollout/rollout-record.js';
import { isWell, type RunningApp } from '../../world/deploys/running-apps.js';
import type { ReadCall } from '../deploy/read-deploys.js';
import { readScheduledApps, type ScheduledApp } from './read-schedules.js';

/** One app on one host. */
export interface AppOnHost {
  readonly hostname: string;
  /** The deploy that runs there. */
  readonly deploy: number;
  /** `unknown` while nobody there can say. */
  readonly state: 'well' | 'unwell' | 'unknown';
  /** Since when it has been as it is; for `unknown`, when it was seen last: ISO 8601. */
  readonly since: string;
  /** What is wrong, in words; empty if nothing is. */
  readonly problem: string;
}

/** An app of the fleet. */
export interface AppSummary {
  readonly app: string;
  /** Its newest deploy. */
  readonly newest: number;
  readonly verdict: Verdict | 'running';
  readonly hosts: readonly AppOnHost[];
  /** What decides where it runs; null where that is its `hosts`. */
  readonly schedule: ScheduledApp | null;
  /** Who keeps others from changing it. */
  readonly lock: DeployLock | null;
}

/** The apps of the fleet by name, with what runs where. */
export async function readApps(world: ClientWorld, call: ReadCall): Promise<AppSummary[]> {
  const apps = world.getApps(call);
  const [newest, running, agents, schedules, locks] = await Promise.all([
    apps,
    world.getRunning(call),
    world.getAgents(call),
    readScheduledApps(world, apps, call),
    listDeployLocks(world.client, call),
  ]);
  const names = new Set([
    ...newest.keys(),
    ...[...running.values()].flatMap(({ apps }) => Object.keys(apps)),
  ]);
  return Promise.all(
    [...names].sort().map(async (app) => {
      const id = newest.get(app) ?? 0;
      const hosts = [...running]
        .flatMap(([hostname, { at, apps }]) => {
          const found = apps[app];
          return found === undefined
            ? []
            : [appOnHost(hostname, found, agents.has(hostname) ? undefined : at)];
        })
        .sort((a, b) => (a.hostname < b.hostname ? -1 : 1));
      const record = id === 0 ? undefined : await world.getRollout(id, call);
      const schedule = schedules.get(app) ?? null;
      return {
        app,
        newest: id,
        verdict: record?.verdict ?? 'running',
        hosts,
        schedule,
        lock: locks.get(app)?.lock ?? null,
      };
    }),
  );
}

/** @param seenAt when its agent saw it last, if that is not running */
export function appOnHost(hostname: string, app: RunningApp, seenAt?: string): AppOnHost {
  const { deploy } = app;
  if (seenAt !== undefined)
    return { hostname, deploy, state: 'unknown', since: seenAt, problem: 'its agent is not running' };
  const since =
    [app.since, ...Object.values(app.processes).map((process) => process.since)].sort().at(-1) ?? app.since;
  return { hostname, deploy, state: isWell(app) ? 'well' : 'unwell', since, problem: describeProblems(app) };
}

/** "web restarting (exited (exit code 7), restarted 4 times)" */
function describeProblems({ processes, ...app }: RunningApp): string {
  if (app.health === 'failing') return `unhealthy: ${app.finding ?? 'its check fails'}`;
  return Object.entries(processes)
    .flatMap(([name, { state, restarts, lastExit, health, finding = 'unhealthy' }]) => {
      const times = restarts === 0 ? '' : `, restarted ${restarts === 1 ? 'once' : `${restarts} times`}`;
      if (state !== 'running')
        return [`${name} ${state}${lastExit === undefined ? '' : ` (${lastExit}${times})`}`];
      return health === 'failing' ? [`${name} unhealthy: ${finding}`] : [];
    })
    .join('; ');
}
