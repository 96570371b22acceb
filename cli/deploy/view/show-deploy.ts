import type { ClientWorld } from '../../../world/client-world.js';
import { hostStates } from '../../../world/deploys/host-states.js';
import { scheduleOf, withRolloutHosts } from '../../../world/deploys/scheduled/scheduled-hosts.js';
import { describeSchedule, readSchedule } from '../../apps/read-schedules.js';
import { CliError } from '../../errors.js';
import type { Lines } from '../../output/escaped-lines.js';
import { lines } from '../../output/print.js';
import type { RecordState } from '../explain-interruption.js';
import { type LoggedDeployment, type ReadCall, readDeployment } from '../read-deploys.js';
import { type DeployOutcome, describeHost, formatHosts } from './deploy-outcome.js';
import { reportOutcome, type WatchRun } from './report-progress.js';

/** One deploy: who made it, how far each host is, and the verdict. */
export async function showDeploy(
  world: ClientWorld,
  id: number,
  call: ReadCall,
): Promise<{ value: Readonly<Record<string, unknown>>; text: Lines }> {
  const [logged, reports, agents] = await Promise.all([
    readDeployment(world, id, call),
    world.getReports(id, call),
    world.getAgents(call),
  ]);
  const { deployment, hash, record } = logged;
  const hosts = hostStates(withRolloutHosts(deployment, record), reports, agents);
  const asked = scheduleOf(deployment);
  const schedule = asked && (await readSchedule(world, asked, call));
  const place = schedule && `  runs on  ${describeSchedule(schedule, deployment.hosts)}`;
  const { name: app, message, author, origin, createdAt, tree, action, rollbackOf, signature } = deployment;
  const value = {
    ...{ id, app, message, author, origin: origin ?? null },
    ...{ createdAt, hash, tree, action: action ?? 'deploy' },
    ...{ rollbackOf: rollbackOf ?? null, isSigned: signature !== undefined },
    verdict: record?.verdict ?? 'running',
    rollout: record ?? null,
    schedule: schedule ?? null,
    hosts: [...hosts].map(([hostname, host]) => describeHost(hostname, host)),
    manifest: deployment.manifest,
  };
  return {
    value,
    text: lines([
      ...headOf(logged),
      ...(place === undefined ? [] : [place]),
      '',
      ...(hosts.size === 0 ? [] : [formatHosts(hosts), '']),
      endOf(logged),
    ]),
  };
}

/**
 * Waits for a deploy that somebody has made.
 * @param id default the newest
 * @throws CliError `usage` when there is none
 */
export async function waitAgain(
  world: ClientWorld,
  id: number | undefined,
  run: WatchRun & ReadCall & { readonly onRecord: (state: RecordState) => void },
): Promise<DeployOutcome> {
  const newest = id ?? Math.max(0, ...(await world.getApps(run)).values());
  if (newest === 0) throw new CliError('usage', 'There is no deploy yet: make one with "hawser deploy".');
  const { deployment } = await readDeployment(world, newest, run);
  run.onRecord({ id: newest, isRecorded: true });
  return await reportOutcome(world, { id: newest, deployment }, run);
}

function headOf({ id, deployment, hash }: LoggedDeployment): string[] {
  const { name, message, author, origin, createdAt, action, rollbackOf, noop, signature } = deployment;
  const what = action === undefined ? 'deploy' : action;
  const notes = [
    ...(rollbackOf === undefined ? [] : [`rollback to deploy ${rollbackOf}`]),
    ...(noop ? ['noop'] : []),
    ...(signature === undefined ? [] : ['signed']),
  ];
  return [
    `Deploy ${id}: ${what} of ${name}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`,
    ...(message === '' ? [] : [`  message  ${message}`]),
    `  by       ${author}, ${createdAt.replace('T', ' ').slice(0, 19)} UTC`,
    ...(origin?.git === undefined ? [] : [`  git      ${origin.git}`]),
    ...(origin?.sshKey === undefined ? [] : [`  SSH key  ${origin.sshKey}`]),
    ...(hash === '' ? [] : [`  commit   ${hash}`]),
  ];
}

function endOf({ record }: LoggedDeployment): string {
  if (record === undefined) return 'verdict: running';
  const { verdict = 'running', message, reason, by } = record;
  const why = message ?? reason;
  return `verdict: ${verdict}${why === undefined ? '' : `. ${why}`}${by === undefined ? '' : ` (${by})`}`;
}
