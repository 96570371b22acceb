import type { Deployment } from '../deploy-payload.js';
import { followSchedule } from '../scheduled/follow-schedule.js';
import { scheduleOf, withRolloutHosts } from '../scheduled/scheduled-hosts.js';
import {
  admittedHosts,
  chooseNextStage,
  earliestGone,
  hasRunOnce,
  isCanaryStage,
  type Stage,
} from './choose-admissions.js';
import { decideGoingBack } from './decide-rollback-verdict.js';
import { describeEnd, describeProblems } from './describe-rollout.js';
import { type JudgedHost, judgeHosts } from './judge-hosts.js';
import { onFailureOf, orderOf, rolloutTimeoutMs } from './rollout-order.js';
import type { RolloutRecord } from './rollout-record.js';
import type { RolloutDecision, RolloutSituation } from './rollout-situation.js';

/**
 * Decides the next step of a rollout: whom to admit, whether to stop, and the verdict. Each step follows from what is known now;
 * so whoever decides next goes on where the one before was.
 */
export function decideRollout(situation: RolloutSituation): RolloutDecision {
  const { record, supersededBy } = situation;
  if (record?.phase === 'done') return {};
  if (supersededBy !== undefined) {
    const message = `Deploy ${supersededBy} took its place.`;
    return { record: end(situation, { verdict: 'superseded', message }) };
  }
  if (record?.phase === 'paused') return {};
  const first = firstRecord(situation.deployment, situation.at);
  const moved = followSchedule(situation, first);
  if (moved !== undefined) return moved;
  const deployment = withRolloutHosts(situation.deployment, record);
  if (record?.phase === 'going-back') return decideGoingBack({ ...situation, deployment, record });
  return decideRunning({ ...situation, deployment });
}

/** A rollout of which nothing was decided yet. */
export function firstRecord(deployment: Deployment, at: string): RolloutRecord {
  const isOrdered = orderOf(deployment) !== undefined || scheduleOf(deployment) !== undefined;
  const admitted = isOrdered ? 0 : deployment.hosts.length;
  return { app: deployment.name, phase: 'running', admitted, since: at };
}

function decideRunning(situation: RolloutSituation): RolloutDecision {
  const { deployment, phaseMs, nowMs } = situation;
  const hosts = judgeScheduledHosts(deployment, situation);
  const record = recordOf(situation);
  const order = orderOf(deployment);
  const stage = order && { order, record, hosts, nowMs };
  const lateMs = phaseMs + rolloutTimeoutMs(deployment);
  const isLate = nowMs >= lateMs;
  const stopped = stop(situation, hosts, stage, isLate);
  if (stopped !== undefined) return { record: stopped };
  const next = stage === undefined || isLate ? undefined : chooseNextStage(stage);
  if (next !== undefined && 'change' in next) return { record: { ...record, ...next.change } };
  const isBusy = hosts.some(({ progress }) => progress === 'busy');
  const isNobodyThere = hosts.length > 0 && hosts.every(({ progress }) => progress === 'missing');
  if (!isLate && (next !== undefined || isBusy || isNobodyThere)) {
    const times = [lateMs, earliestGone(hosts), next?.untilMs].filter((time) => time !== undefined);
    return { untilMs: Math.min(...times) };
  }
  return { record: finish(situation, hosts, isLate) };
}

/** The end of a rollout in which nothing is taken back. */
function finish(situation: RolloutSituation, hosts: readonly JudgedHost[], isLate: boolean): RolloutRecord {
  const { deployment } = situation;
  const count = (...of: readonly JudgedHost['progress'][]): number =>
    hosts.filter(({ progress }) => of.includes(progress)).length;
  const bad = count('failed', 'lost', 'busy') + (deployment.allowMissing === true ? 0 : count('missing'));
  const isHealthy = bad <= maxFailures(deployment) && (count('done') > 0 || hosts.length === 0);
  const message = describeEnd(deployment, hosts, isLate);
  if (isHealthy) return end(situation, { verdict: 'healthy', message });
  const record = end(situation, { verdict: 'failed', message });
  // All have had their turn; those that were away catch up by themselves.
  return isLate ? record : { ...record, admitted: hosts.length, skipped: undefined };
}

/** What becomes of a rollout that must not go on; undefined for one that may. */
function stop(
  situation: RolloutSituation,
  hosts: readonly JudgedHost[],
  stage: Stage | undefined,
  isLate: boolean,
): RolloutRecord | undefined {
  const { deployment, at } = situation;
  const record = recordOf(situation);
  const onFailure = onFailureOf(deployment);
  const hasOnceFailed = stage !== undefined && isOnceOver(stage);
  if (!hasOnceFailed && (onFailure === 'continue' || !isTooBad(situation, hosts, stage, isLate)))
    return undefined;
  const problems = describeProblems(hosts, isLate) ?? '';
  const reason = hasOnceFailed
    ? `The hook once did not succeed on ${record.onceHost}; ${problems}`
    : problems;
  const changed = { ...record, since: at, reason };
  if (onFailure === 'pause') return { ...changed, phase: 'paused', verdict: 'paused', message: reason };
  return { ...changed, phase: 'going-back', goingBackTo: 'rolled-back' };
}

/** Whether the host that was to run the hook `once` has ended without having run it. */
function isOnceOver({ order, record, hosts }: Stage): boolean {
  if (!order.hasOnce || record.admitted > 0 || record.onceHost === undefined) return false;
  const host = hosts.find(({ name }) => name === record.onceHost);
  return host?.progress !== 'busy' && !hasRunOnce(host);
}

function isTooBad(
  { deployment, record }: RolloutSituation,
  hosts: readonly JudgedHost[],
  stage: Stage | undefined,
  isLate: boolean,
): boolean {
  const forgiven = new Set(record?.forgiven);
  const bad = hosts.filter(
    ({ name, progress }) =>
      !forgiven.has(name) &&
      (progress === 'failed' || progress === 'lost' || (isLate && progress === 'busy')),
  );
  if (bad.length > maxFailures(deployment)) return true;
  if (stage === undefined || !isCanaryStage(stage)) return false;
  const first = new Set(admittedHosts(stage.record, hosts));
  return bad.some((host) => first.has(host));
}

/** A host that is gone and has not begun is waited for: its schedule moves the app to another. */
function judgeScheduledHosts(deployment: Deployment, situation: RolloutSituation): JudgedHost[] {
  const hosts = judgeHosts(deployment, situation);
  if (scheduleOf(deployment) === undefined) return hosts;
  const waited = { progress: 'busy', isAlive: true } as const;
  return hosts.map((host) => (host.progress === 'missing' ? { ...host, ...waited } : host));
}

function maxFailures({ manifest }: Deployment): number {
  return manifest.rollout?.maxFailures ?? 0;
}

function recordOf({ record, deployment, at }: RolloutSituation): RolloutRecord {
  return record ?? firstRecord(deployment, at);
}

function end(situation: RolloutSituation, ending: Pick<RolloutRecord, 'verdict' | 'message'>): RolloutRecord {
  return { ...recordOf(situation), ...ending, phase: 'done', since: situation.at };
}
