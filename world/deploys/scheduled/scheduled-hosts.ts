import type { Deployment } from '../deploy-payload.js';
import type { AppSchedule } from '../manifest.js';
import type { RolloutRecord } from '../rollout/rollout-record.js';

/** The schedule that decides where a deploy runs; undefined where it is for all of its hosts, as what is removed or only looked at. */
export function scheduleOf({ action, noop, manifest }: Deployment): AppSchedule | undefined {
  return action === 'remove' || noop ? undefined : manifest.schedule;
}

/** A deploy with the hosts that its rollout is for: of one with a schedule, those that were chosen, nobody before that. */
export function withRolloutHosts(deployment: Deployment, record: RolloutRecord | undefined): Deployment {
  if (scheduleOf(deployment) === undefined) return deployment;
  return { ...deployment, hosts: record?.hosts ?? [], away: undefined };
}
