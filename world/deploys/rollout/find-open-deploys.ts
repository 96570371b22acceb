import type { Deployment } from '../deploy-payload.js';
import type { RolloutRecord } from './rollout-record.js';

/** A deploy that is not decided. */
export interface UndecidedDeploy {
  readonly id: number;
  readonly deployment: Deployment;
  /** The newer deploy of the app that takes its place. */
  readonly supersededBy?: number | undefined;
}

/** A deploy of an app to look at, on the way back from the newest. */
export interface ChainLink {
  readonly app: string;
  readonly id: number;
  readonly newest: number;
  /** The newest one that is not only there to look: what the app is to be. */
  readonly current?: number | undefined;
}

export interface ChainStep {
  readonly undecided?: UndecidedDeploy | undefined;
  readonly next?: ChainLink | undefined;
}

/**
 * Looks at one deploy of an app. A newer one takes the place of all before, except that one which only tells what would happen
 * leaves the others alone. What is before a decided one was decided before it.
 */
export function lookAtDeploy(
  { app, id, newest, current }: ChainLink,
  deployment: Deployment,
  record: RolloutRecord | undefined,
): ChainStep {
  const { name, noop, previous } = deployment;
  // What names an entry of another app as the one before decides nothing on that.
  if (name !== app) return {};
  const isDecided = record?.phase === 'done';
  const supersededBy = noop && id !== newest ? newest : current;
  const undecided = isDecided ? undefined : { id, deployment, supersededBy };
  const isLast = previous === undefined || previous >= id || (isDecided && !noop);
  const next = isLast
    ? undefined
    : { app, id: previous, newest, current: current ?? (noop ? undefined : id) };
  return { undecided, next };
}
