import { decideSchedule } from '../../scheduler/decide-schedule.js';
import { DEFAULT_STRATEGY } from '../../scheduler/schedule-options.js';
import { StrategyRegistry } from '../../scheduler/strategy-registry.js';
import type { WatchedSchedules } from '../../scheduler/watched-schedules.js';
import type { Deployment } from '../deploy-payload.js';
import type { ScheduleDecision } from '../rollout/rollout-situation.js';
import { scheduleOf } from './scheduled-hosts.js';

const strategies = new StrategyRegistry();

/** What is decided for a deploy; undefined for one without a schedule. */
export function decisionOf(
  schedules: Pick<WatchedSchedules, 'get'>,
  deployment: Deployment,
): ScheduleDecision | undefined {
  const asked = scheduleOf(deployment);
  if (asked === undefined) return undefined;
  const schedule = schedules.get(asked.namespace);
  if (schedule === undefined) return { chosen: undefined, isSettled: false, candidates: new Set() };
  const { candidates, decided } = schedule;
  const asking = [...candidates.values()].filter(
    ({ options }) =>
      options.maxCount === (asked.maxCount ?? 0) && options.strategy === (asked.strategy ?? DEFAULT_STRATEGY),
  );
  return {
    chosen: decided.length === 0 ? undefined : decided,
    isSettled: decideSchedule(schedule, strategies).hosts.join() === [...decided].join(),
    candidates: new Set(asking.map(({ hostname }) => hostname)),
  };
}
