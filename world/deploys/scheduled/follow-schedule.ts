import type { Deployment } from '../deploy-payload.js';
import { orderOf, rolloutTimeoutMs } from '../rollout/rollout-order.js';
import type { RolloutRecord } from '../rollout/rollout-record.js';
import type { RolloutDecision, RolloutSituation } from '../rollout/rollout-situation.js';
import { scheduleOf, withRolloutHosts } from './scheduled-hosts.js';

/** How long to wait for hosts that do not offer to run the app, such as those of an older release of hawser. */
const CANDIDATES_PATIENCE_MS = 10_000;

/**
 * Makes a rollout be for the hosts that are chosen, as long as it is under way. Those that are no longer chosen are not waited
 * for; new ones come last.
 * @returns undefined when it is already, and for a deploy without a schedule
 */
export function followSchedule(
  situation: RolloutSituation,
  first: RolloutRecord,
): RolloutDecision | undefined {
  const { deployment, schedule, record = first, phaseMs, nowMs, at } = situation;
  if (scheduleOf(deployment) === undefined) return undefined;
  const hosts = settledHosts(situation);
  if (hosts !== undefined && hosts.join() !== [...(record.hosts ?? [])].sort().join())
    return { record: moveTo(hosts, record, deployment) };
  if (record.hosts !== undefined || record.phase !== 'running') return undefined;
  const lateMs = phaseMs + rolloutTimeoutMs(deployment);
  if (nowMs >= lateMs) {
    const message = `The schedule "${deployment.manifest.schedule?.namespace}" has chosen none of its hosts.`;
    return {
      record: { ...record, phase: 'done', verdict: 'failed', goingBackTo: 'rolled-back', message, since: at },
    };
  }
  const patientMs = phaseMs + CANDIDATES_PATIENCE_MS;
  const isPatient = schedule?.chosen !== undefined && nowMs < patientMs;
  return { untilMs: isPatient ? Math.min(lateMs, patientMs) : lateMs };
}

/** The hosts that are chosen for good, as far as they are hosts of the deploy; undefined before. */
function settledHosts({
  deployment,
  schedule,
  agents,
  phaseMs,
  nowMs,
}: RolloutSituation): string[] | undefined {
  if (schedule?.chosen === undefined || !schedule.isSettled) return undefined;
  const isComplete = deployment.hosts.every((host) => !agents.has(host) || schedule.candidates.has(host));
  if (!isComplete && nowMs < phaseMs + CANDIDATES_PATIENCE_MS) return undefined;
  const hosts = schedule.chosen.filter((host) => deployment.hosts.includes(host));
  return hosts.length === 0 ? undefined : hosts.sort();
}

/** Keeps the order of those that stay, and so which of them may switch. */
function moveTo(hosts: readonly string[], record: RolloutRecord, deployment: Deployment): RolloutRecord {
  const before = record.hosts ?? [];
  const kept = before.filter((host) => hosts.includes(host));
  const next = [...kept, ...hosts.filter((host) => !before.includes(host))];
  const isOrdered = orderOf(withRolloutHosts(deployment, { ...record, hosts: next })) !== undefined;
  const admitted = before.slice(0, record.admitted).filter((host) => hosts.includes(host)).length;
  const skipped = record.skipped?.filter((host) => hosts.includes(host));
  return {
    ...record,
    hosts: next,
    admitted: isOrdered ? admitted : next.length,
    skipped: skipped === undefined || skipped.length === 0 ? undefined : skipped,
  };
}
