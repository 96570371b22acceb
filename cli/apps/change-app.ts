import type { ClientWorld } from '../../world/client-world.js';
import type { Deployment } from '../../world/deploys/deploy-payload.js';
import type { RunningApps } from '../../world/deploys/running-apps.js';
import { appendDeploy, nextPosition, type Position } from '../deploy/append-deploy.js';
import type { RecordState } from '../deploy/explain-interruption.js';
import { refuseIfLocked } from '../deploy/lock/refuse-if-locked.js';
import {
  type LoggedDeployment,
  type ReadCall,
  readDeployment,
  readDeploymentsAhead,
} from '../deploy/read-deploys.js';
import { type FleetMember, findTargets, listFleet } from '../deploy/read-target-hosts.js';
import type { DeployOutcome } from '../deploy/view/deploy-outcome.js';
import { reportOutcome, type WatchRun } from '../deploy/view/report-progress.js';
import { CliError } from '../errors.js';
import { EXIT_CODES } from '../exit-codes.js';
import { suggestion } from '../input/nearest-word.js';
import { lines, type OutputOptions, printNote } from '../output/print.js';
import { canAsk, confirm } from '../prompts/confirm.js';
import { requireSecrets } from '../secrets/require-secrets.js';
import { describeSchedule, readSchedule } from './read-schedules.js';

/** How a command changes an app by an entry of its own. */
export interface ChangeRun extends OutputOptions, ReadCall {
  readonly yes: boolean;
  readonly wait: boolean;
  readonly waitTimeout: number;
  readonly allowMissing: boolean;
  readonly message: string;
  readonly sign?: string | undefined;
  readonly onRecord?: (state: RecordState) => void;
  readonly onLook?: WatchRun['onLook'];
}

/** Takes an app away from all hosts that it was deployed to. */
export async function removeApp(world: ClientWorld, app: string, run: ChangeRun): Promise<DeployOutcome> {
  const fleet = startReadingHosts(world, run);
  const [{ newest, position }, running] = await Promise.all([
    newestOf(world, app, run),
    world.getRunning(run),
  ]);
  const hosts = hostsToClear(newest, running, await fleet);
  const question = `Remove ${app} from ${hosts.join(', ')}, with its data?`;
  return change(world, { newest, position, fleet }, { action: 'remove', hosts }, { ...run, question });
}

/** Starts an app again, everywhere or on some hosts. @param selection of hosts; default those of its newest deploy */
export async function restartApp(
  world: ClientWorld,
  { app, selection }: { readonly app: string; readonly selection: string | undefined },
  run: ChangeRun,
): Promise<DeployOutcome> {
  const fleet = startReadingHosts(world, run);
  const { newest, position } = await newestOf(world, app, run);
  const asked = hostsOf(newest, selection, await fleet);
  const hosts = await hostsToRestart(world, newest, { asked, isAll: selection === undefined }, run);
  return change(
    world,
    { newest, position, fleet },
    { action: 'restart', hosts },
    { ...run, question: `Restart ${app} on ${hosts.join(', ')}?` },
  );
}

/**
 * Goes back to an earlier deploy of an app, by an entry of its own.
 * @param request.id default the last healthy one before the newest
 * @throws CliError `usage` where there is none to go back to
 */
export async function rollBack(
  world: ClientWorld,
  request: { readonly id: number | undefined; readonly app: string | undefined },
  run: ChangeRun,
): Promise<DeployOutcome> {
  const fleet = startReadingHosts(world, run);
  const wanted = request.id === undefined ? undefined : await readDeployment(world, request.id, run);
  if (wanted !== undefined && request.app !== undefined && wanted.deployment.name !== request.app)
    throw new CliError(
      'usage',
      `Deploy ${wanted.id} is one of ${wanted.deployment.name}, not of ${request.app}.`,
    );
  const app = wanted?.deployment.name ?? request.app ?? (await onlyApp(world, run));
  const read = readDeploymentsAhead(world, run);
  const { newest, position } = await newestOf(world, app, run, wanted === undefined ? read : undefined);
  const target = wanted ?? (await lastHealthyBefore(newest, read));
  const { tree, manifest, action } = target.deployment;
  if (action === 'remove')
    throw new CliError('usage', `Deploy ${target.id} removed ${app}: name one that ran.`);
  const hosts = hostsOf(target, manifest.hosts, await fleet);
  const schedule = manifest.schedule && (await readSchedule(world, manifest.schedule, run));
  const place = schedule === undefined ? hosts.join(', ') : describeSchedule(schedule, hosts);
  const question = `Roll ${app} back from deploy ${newest.id} to deploy ${target.id} on ${place}?`;
  const draft = { tree, manifest, hosts, rollbackOf: target.id };
  return change(world, { newest, position, fleet }, draft, { ...run, question, hash: target.hash });
}

/** The newest healthy deploy of an app before its newest one, which may have gone wrong later. */
async function lastHealthyBefore(
  newest: LoggedDeployment,
  read: (id: number) => Promise<LoggedDeployment>,
): Promise<LoggedDeployment> {
  const { name } = newest.deployment;
  for (let id = newest.deployment.previous; id !== undefined; ) {
    const found = await read(id);
    const { action, noop, rollbackOf, previous } = found.deployment;
    // What a rollback went back to is the one to go back to, not the rollback.
    const counts = action === undefined && !noop && rollbackOf === undefined;
    if (counts && found.record?.verdict === 'healthy' && found.deployment.tree !== newest.deployment.tree)
      return found;
    id = previous;
  }
  throw new CliError(
    'usage',
    `There is no healthy deploy of ${name} before deploy ${newest.id} to go back to.`,
  );
}

/** Over a long link the round trips take longest: what is needed later is asked for at the same time. */
function startReadingHosts(world: ClientWorld, { signal }: ReadCall): Promise<readonly FleetMember[]> {
  const fleet = listFleet(world, signal);
  fleet.catch(() => undefined); // whoever awaits it gets it
  return fleet;
}

/** @throws CliError `usage` for an app that was never deployed */
async function newestOf(
  world: ClientWorld,
  app: string,
  call: ReadCall,
  read = (id: number) => readDeployment(world, id, call),
): Promise<{ newest: LoggedDeployment; position: Position }> {
  const position = await nextPosition(world, app, call.signal);
  if (position.previous !== undefined) return { newest: await read(position.previous), position };
  const apps = await world.getApps(call);
  const names = [...apps.keys()].sort();
  const known = suggestion(app, names) || (names.length === 0 ? '' : `: there are ${names.join(', ')}`);
  throw new CliError('usage', `No app called ${app} was deployed${known}.`);
}

/** @throws CliError `usage` where there are several */
async function onlyApp(world: ClientWorld, call: ReadCall): Promise<string> {
  const names = [...(await world.getApps(call)).keys()].sort();
  const [app] = names;
  if (app !== undefined && names.length === 1) return app;
  const which =
    names.length === 0 ? 'No app was deployed yet' : `Name the app with --app: ${names.join(', ')}`;
  throw new CliError('usage', `${which}.`);
}

/** The hosts that an app was deployed to, that run it all the same, or that its schedule may have chosen once. */
function hostsToClear(
  { deployment }: LoggedDeployment,
  running: ReadonlyMap<string, RunningApps>,
  fleet: readonly FleetMember[],
): readonly string[] {
  const { name, hosts, manifest } = deployment;
  const run = [...running].flatMap(([host, { apps }]) => (name in apps ? host : []));
  const { live, away } =
    manifest.schedule === undefined ? { live: [], away: [] } : findTargets(fleet, manifest.hosts);
  return [...new Set([...hosts, ...run, ...live, ...away])].sort();
}

/** @throws CliError `usage` for an app that its schedule has on none of the hosts that were asked for */
async function hostsToRestart(
  world: ClientWorld,
  { deployment }: LoggedDeployment,
  { asked, isAll }: { readonly asked: readonly string[]; readonly isAll: boolean },
  call: ReadCall,
): Promise<readonly string[]> {
  const { name, manifest } = deployment;
  if (manifest.schedule === undefined) return asked;
  const { chosen, namespace } = await readSchedule(world, manifest.schedule, call);
  const hosts = isAll ? chosen : asked.filter((host) => chosen.includes(host));
  if (hosts.length > 0) return hosts;
  const now = chosen.length === 0 ? 'no host now' : `${chosen.join(', ')} now`;
  const message = `There is nothing to restart: the schedule "${namespace}" has ${name} on ${now}.`;
  throw new CliError('usage', message);
}

function hostsOf(
  { deployment }: LoggedDeployment,
  selection: string | undefined,
  fleet: readonly FleetMember[],
): readonly string[] {
  if (selection === undefined && deployment.manifest.hosts !== undefined) return deployment.hosts;
  const { live, away } = findTargets(fleet, selection);
  return [...live, ...away].sort();
}

/** What was read before. */
interface Known {
  readonly newest: LoggedDeployment;
  readonly position: Position;
  readonly fleet: Promise<readonly FleetMember[]>;
}

type Draft = Pick<Deployment, 'hosts'> &
  Partial<Pick<Deployment, 'action' | 'tree' | 'manifest' | 'rollbackOf'>>;

/** Appends an entry that is like the newest one but for `draft`, and waits for it. */
async function change(
  world: ClientWorld,
  { newest, fleet, ...known }: Known,
  draft: Draft,
  run: ChangeRun & { readonly question: string; readonly hash?: string },
): Promise<DeployOutcome> {
  const { signal, allowMissing, message, sign, onRecord } = run;
  const { name, tree, manifest } = newest.deployment;
  refuseIfLocked(name, known.position.lock.lock);
  if (draft.action !== 'remove') await requireSecrets(world, draft.manifest ?? manifest, draft.hosts, signal);
  const confirmed = !run.yes && !run.json && canAsk();
  if (confirmed && !(await confirm(run.question, { signal, byDefault: false })))
    throw new CliError('declined', 'Nothing was changed.');
  // A person takes time, in which others go on.
  const now = confirmed ? await listFleet(world, signal) : await fleet;
  const live = new Set(now.flatMap(({ name: hostname, isLive }) => (isLive ? [hostname] : [])));
  const away = draft.hosts.filter((hostname) => !live.has(hostname));
  const position = confirmed ? await nextPosition(world, name, signal) : known.position;
  const { id, deployment } = await appendDeploy(
    world,
    {
      ...{ name, message, tree, manifest, noop: false, ...draft },
      ...(away.length === 0 ? {} : { away }),
      ...(allowMissing ? { allowMissing } : {}),
    },
    {
      ...{
        gitPlace: 'anywhere' as const,
        position,
        confirmed,
        sign,
        signal,
        onRecord,
        hash: run.hash ?? newest.hash,
      },
      again: () => nextPosition(world, name, signal),
    },
  );
  printNote(run, `Recorded deploy ${id}.`);
  if (run.wait && away.length < draft.hosts.length) return reportOutcome(world, { id, deployment }, run);
  const value = { id, app: name, verdict: 'running', hosts: [] };
  const sentence = `Recorded deploy ${id}.`;
  const said = { app: name, id, verdict: 'running', message: sentence } as const;
  return { said, value, text: lines([sentence]), exitCode: EXIT_CODES.done, logTail: '' };
}
