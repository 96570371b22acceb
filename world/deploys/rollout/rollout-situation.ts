import type { Deployment } from '../deploy-payload.js';
import type { KnownHosts } from './judge-hosts.js';
import type { RolloutRecord } from './rollout-record.js';

/** All that decides what comes next in a rollout. */
export interface RolloutSituation extends KnownHosts {
  readonly deployment: Deployment;
  /** What was decided before. */
  readonly record: RolloutRecord | undefined;
  /** The id of a newer deploy of the app that takes the place of this one. */
  readonly supersededBy?: number | undefined;
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
