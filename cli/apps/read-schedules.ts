import type { ClientWorld } from '../../world/client-world.js';
import { type Deployment, parseDeployment } from '../../world/deploys/deploy-payload.js';
import type { AppSchedule } from '../../world/deploys/manifest.js';
import { scheduleOf } from '../../world/deploys/scheduled/scheduled-hosts.js';
import { WorldError } from '../../world/errors.js';
import type { ReadCall } from '../deploy/read-deploys.js';

/** Where the World's scheduler has an app run. */
export interface ScheduledApp {
  readonly namespace: string;
  /** The most hosts; null for all that there are. */
  readonly maxCount: number | null;
  readonly strategy: string;
  /** The hosts that are chosen now, sorted. */
  readonly chosen: readonly string[];
}

/** Reads what a schedule has decided. */
export async function readSchedule(
  world: ClientWorld,
  { namespace, maxCount, strategy = 'rr' }: AppSchedule,
  call: ReadCall,
): Promise<ScheduledApp> {
  const { hosts } = await world.scheduledGet(namespace, call);
  return { namespace, maxCount: maxCount ?? null, strategy, chosen: hosts };
}

/** The apps that have a schedule, by name. @param newest the newest deploy of each app */
export async function readScheduledApps(
  world: ClientWorld,
  newest: Promise<ReadonlyMap<string, number>>,
  call: ReadCall,
): Promise<Map<string, ScheduledApp>> {
  const [apps, schedules] = await Promise.all([newest, world.schedules(call)]);
  const decided = new Map(schedules.map(({ namespace, hosts }) => [namespace, hosts]));
  // Without a candidate for anything there is no app to look for.
  if (decided.size === 0) return new Map();
  const deployments = await Promise.all(
    [...apps].map(async ([app, id]) => {
      const payload = await world.getDeploy(id, call).catch(emptyIfUnreadable);
      return [app, parseDeployment(payload)] as const;
    }),
  );
  return findScheduledApps(new Map(deployments), decided);
}

/** @param newest the newest deploy of each app; undefined where another program made it */
export function findScheduledApps(
  newest: ReadonlyMap<string, Deployment | undefined>,
  decided: ReadonlyMap<string, readonly string[]>,
): Map<string, ScheduledApp> {
  const found = [...newest].flatMap(([app, deployment]) => {
    const schedule = deployment && scheduleOf(deployment);
    if (schedule === undefined) return [];
    const { namespace, maxCount = null, strategy = 'rr' } = schedule;
    const chosen = decided.get(namespace) ?? [];
    return [[app, { namespace, maxCount, strategy, chosen }] as const];
  });
  return new Map(found);
}

/** `at most 2 of web1, web2, web3, as the schedule "web" decides (now web1, web2)` */
export function describeSchedule(
  { namespace, maxCount, chosen }: ScheduledApp,
  hosts: readonly string[],
): string {
  const names = hosts.join(', ');
  const most =
    maxCount === null || maxCount >= hosts.length ? `all of ${names}` : `at most ${maxCount} of ${names}`;
  const now = chosen.length === 0 ? 'nobody is chosen yet' : `now ${chosen.join(', ')}`;
  return `${most}, as the schedule "${namespace}" decides (${now})`;
}

/** One that was just deleted, or that another program made, has no schedule. */
function emptyIfUnreadable(error: unknown): string {
  if (error instanceof WorldError && (error.code === 'invalid' || error.code === 'not-found')) return '';
  throw error;
}
