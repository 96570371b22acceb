import type { Deployment } from '../deploy-payload.js';
import type { KnownHosts } from './judge-hosts.js';
import type { RolloutRecord } from './rollout-record.js';

/** What the World's scheduler has decided for a deploy. */
export interface ScheduleDecision {
  /** The hosts that were chosen, sorted; undefined for none. */
  readonly chosen: readonly string[] | undefined;
  /** Whether it is decided from what is asked for now. */
  readonly isSettled: boolean;
  /** The hosts that offer to run it as this deploy asks. */
  readonly candidates: ReadonlySet<string>;
}

/** All that decides what comes next in a rollout. */
export interface RolloutSituation extends KnownHosts {
  readonly deployment: Deployment;
  /** What was decided before. */
  readonly record: RolloutRecord | undefined;
  /** The id of a newer deploy of the app that takes the place of this one. */
  readonly supersededBy?: number | undefined;
  /** What is decided by the schedule of the deploy, if it has one. */
  readonly schedule?: ScheduleDecision | undefined;
  /** When the one who decides saw the present phase begin. */
  readonly phaseMs: number;
  /** The present time for people: ISO 8601. */
  readonly at: string;
}

export interface RolloutDecision {
  /** The record from now on; undefined while it stays as it is. */
  readonly record?: RolloutRecord | undefined;
  /** When to look again although nothing has changed; undefined: not before. */
  readonly untilMs?: number | undefined;
}
