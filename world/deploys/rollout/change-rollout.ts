import { WorldError } from '../../errors.js';
import type { Deployment } from '../deploy-payload.js';
import { firstRecord } from './decide-rollout.js';
import { type RolloutRecord, rolloutKey } from './rollout-record.js';

/** A deploy, and what was decided on it. */
export type Rollout = readonly [id: number, deployment: Deployment, record: RolloutRecord | undefined];

interface Said {
  readonly by: string | undefined;
  /** The present time: ISO 8601. */
  readonly at: string;
}

/** A person stops a deploy. @throws WorldError `conflict` for one that has ended */
export function abortRollout(
  rollout: Rollout,
  { by, reason, at }: Said & { readonly reason: string | undefined },
): RolloutRecord {
  const [id, , record] = rollout;
  checkUndecided(rollout, `To go back to an earlier one, run "hawser rollback".`);
  // It goes back already: only what that leads to changes.
  const since = record?.phase === 'going-back' ? record.since : at;
  const { verdict: _, message: __, ...rest } = recordOf(rollout, at);
  if (rest.goingBackTo === 'stopped') throw conflict(id, `Deploy ${id} is being stopped already.`);
  return { ...rest, phase: 'going-back', goingBackTo: 'stopped', since, by, reason: reason ?? rest.reason };
}

/** A person lets a deploy go on in spite of the failures so far. @throws WorldError `conflict` for one that is not paused */
export function resumeRollout(
  rollout: Rollout,
  { by, failed, at }: Said & { readonly failed: readonly string[] },
): RolloutRecord {
  const [id, , record] = rollout;
  checkUndecided(rollout, 'Deploy again instead.');
  if (record?.phase !== 'paused') throw conflict(id, `Deploy ${id} is not paused.`);
  const { verdict: _, message: __, reason: ___, onceHost, ...rest } = record;
  const forgiven = [...new Set([...(rest.forgiven ?? []), ...failed])];
  // Another host may try the hook that nobody has run with success.
  const once = rest.admitted === 0 ? {} : { onceHost };
  return { ...rest, ...once, phase: 'running', forgiven, since: at, by };
}

/** A person has reached the fleet. @throws WorldError `conflict` for a deploy that nobody can confirm any more */
export function confirmRollout(rollout: Rollout, { by, at }: Said): RolloutRecord {
  const [id, , record] = rollout;
  checkUndecided(rollout, 'Look at it with "hawser deploys show".');
  if (record?.phase === 'going-back') throw conflict(id, `Deploy ${id} is being taken back already.`);
  return { ...recordOf(rollout, at), confirmed: true, by };
}

function recordOf([, deployment, record]: Rollout, at: string): RolloutRecord {
  return record ?? firstRecord(deployment, at);
}

function checkUndecided([id, , record]: Rollout, remedy: string): void {
  if (record?.phase !== 'done') return;
  throw conflict(id, `Deploy ${id} has ended: it is ${record.verdict ?? 'decided'}. ${remedy}`);
}

function conflict(id: number, message: string): WorldError {
  return new WorldError('conflict', message, { key: rolloutKey(id) });
}
