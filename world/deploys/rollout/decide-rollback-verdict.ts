import { nameHosts } from './describe-rollout.js';
import { givenUpMs } from './judge-hosts.js';
import { rolloutTimeoutMs } from './rollout-order.js';
import type { RolloutRecord, Verdict } from './rollout-record.js';
import type { RolloutDecision, RolloutSituation } from './rollout-situation.js';

/** What has become of the hosts that are to go back. */
interface Return {
  /** Those that may still go back. */
  readonly open: readonly string[];
  /** When the first of them that are gone is given up. */
  readonly untilMs: number | undefined;
  /** Those that could not go back, or not to what they ran before. */
  readonly failed: readonly string[];
  /** Those that are gone and have not said that they went back. */
  readonly gone: readonly string[];
  /** Whether any of them has something to run. */
  readonly hasOthers: boolean;
}

/** Decides whether all hosts that were to go back have done so. */
export function decideGoingBack(
  situation: RolloutSituation & { readonly record: RolloutRecord },
): RolloutDecision {
  const { record, deployment, phaseMs, nowMs, at } = situation;
  const back = look(situation);
  const lateMs = phaseMs + rolloutTimeoutMs(deployment);
  const isLate = nowMs >= lateMs;
  if (back.open.length > 0 && !isLate) return { untilMs: Math.min(lateMs, back.untilMs ?? lateMs) };
  const stuck = [...back.open, ...back.failed];
  const message = describe(record, stuck, back.gone);
  return {
    record: { ...record, phase: 'done', since: at, verdict: verdictOf(record, stuck, back), message },
  };
}

function look(situation: RolloutSituation): Return {
  const open: string[] = [];
  const failed: string[] = [];
  const gone: string[] = [];
  const times: number[] = [];
  let hasOthers = false;
  for (const name of situation.deployment.hosts) {
    const report = situation.reports.get(name)?.report;
    hasOthers ||= (report?.current ?? 0) > 0;
    if (report?.state === 'failed' && report.step === 'back') failed.push(name);
    if (report !== undefined && ['rolled-back', 'failed', 'skipped'].includes(report.state)) continue;
    const untilMs = givenUpMs(name, situation);
    if (untilMs === undefined || untilMs > situation.nowMs) open.push(name);
    else if (report !== undefined) gone.push(name);
    if (untilMs !== undefined && untilMs > situation.nowMs) times.push(untilMs);
  }
  return { open, untilMs: times.length === 0 ? undefined : Math.min(...times), failed, gone, hasOthers };
}

/** A deploy after which some hosts run nothing, or nobody knows what, has failed. */
function verdictOf({ goingBackTo }: RolloutRecord, stuck: readonly string[], { hasOthers }: Return): Verdict {
  if (stuck.length > 0) return 'failed';
  if (goingBackTo === 'stopped') return 'stopped';
  return hasOthers ? 'rolled-back' : 'failed';
}

function describe(
  { reason, by, goingBackTo }: RolloutRecord,
  stuck: readonly string[],
  gone: readonly string[],
): string {
  const stopped = by === undefined ? 'Stopped' : `Stopped by ${by}`;
  const parts = [
    goingBackTo === 'stopped' ? stopped : 'Taken back',
    ...(reason === undefined ? [] : [`: ${reason}`]),
  ];
  const said = parts.join('').replace(/[^.]$/, '$&.');
  const wrong = stuck.length === 0 ? '' : ` Did not go back: ${nameHosts(stuck)}.`;
  const away = gone.length === 0 ? '' : ` Not there, to go back when they are: ${nameHosts(gone)}.`;
  return `${said}${wrong}${away}`;
}
