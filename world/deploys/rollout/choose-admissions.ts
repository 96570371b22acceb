import type { JudgedHost } from './judge-hosts.js';
import type { RolloutOrder } from './rollout-order.js';
import type { RolloutRecord } from './rollout-record.js';

/** What comes next in a rollout with an order: a change of the record, or the time at which to look again (undefined: at news). */
export type NextStage =
  | { readonly change: Partial<RolloutRecord> }
  | { readonly untilMs: number | undefined };

/** Where a rollout with an order is. */
export interface Stage {
  readonly order: RolloutOrder;
  readonly record: RolloutRecord;
  readonly hosts: readonly JudgedHost[];
  readonly nowMs: number;
}

/** Chooses who switches next, once those that may have ended. @returns undefined when all have been asked */
export function chooseNextStage(stage: Stage): NextStage | undefined {
  const { order, record, hosts, nowMs } = stage;
  if (order.hasOnce && record.admitted === 0) {
    const before = chooseOnceHost(record, hosts);
    if (before !== undefined) return before;
  }
  const admitted = admittedHosts(record, hosts);
  const busy = admitted.filter(({ progress }) => progress === 'busy');
  if (busy.length > 0) return { untilMs: earliestGone(busy) };
  const admission = admit(stage, admitted);
  if (admission === undefined) return undefined;
  const calmMs = Math.max(0, ...admitted.map(({ atMs }) => atMs)) + order.pauseMs;
  return admitted.length > 0 && nowMs < calmMs ? { untilMs: calmMs } : { change: admission };
}

/** The hosts that may switch. */
export function admittedHosts(
  { admitted, skipped = [] }: RolloutRecord,
  hosts: readonly JudgedHost[],
): JudgedHost[] {
  const left = new Set(skipped);
  return hosts.filter(({ name, place }) => place < admitted && !left.has(name));
}

/** Whether no more hosts may switch than those that go first. */
export function isCanaryStage({ order, record, hosts }: Stage): boolean {
  const { length } = admittedHosts(record, hosts);
  return length > 0 && length <= order.canary;
}

/** When the first of these that are gone is given up. */
export function earliestGone(hosts: readonly JudgedHost[]): number | undefined {
  const times = hosts.flatMap(({ isAlive, progress, atMs }) =>
    isAlive || progress !== 'busy' ? [] : [atMs],
  );
  return times.length === 0 ? undefined : Math.min(...times);
}

/** The first host that is ready runs the hook, and no other: what it has done is not known when it is lost. */
function chooseOnceHost(record: RolloutRecord, hosts: readonly JudgedHost[]): NextStage | undefined {
  const { onceHost } = record;
  if (onceHost === undefined) {
    const isReady = ({ isAlive, report }: JudgedHost) => isAlive && report?.state === 'waiting';
    // After a resume it may have run, or still run, where it was begun before: no other host begins beside it.
    const ready = hosts.find(hasBegunOnce) ?? hosts.find(isReady);
    return ready === undefined ? { untilMs: undefined } : { change: { onceHost: ready.name } };
  }
  const host = hosts.find(({ name }) => name === onceHost);
  return hasRunOnce(host) ? undefined : { untilMs: host && earliestGone([host]) };
}

function hasBegunOnce(host: JudgedHost): boolean {
  const { isAlive, report } = host;
  return isAlive && (hasRunOnce(host) || (report?.state === 'applying' && report.step === 'once'));
}

/** Whether the hook `once` has succeeded on a host: it waits for its turn again. */
export function hasRunOnce(host: JudgedHost | undefined): boolean {
  return host?.report?.state === 'waiting' && host.report.step === 'once';
}

/** Those that were away at their turn come first, then those whose turn it is. A host that has ended takes no slot. */
function admit(
  { order, record, hosts }: Stage,
  admitted: readonly JudgedHost[],
): Partial<RolloutRecord> | undefined {
  const tested = admitted.filter(({ progress }) => progress !== 'missing').length;
  const slots = tested < order.canary ? order.canary - tested : order.batch;
  const skipped = new Set(record.skipped);
  for (const { name, progress } of admitted) if (progress === 'missing') skipped.add(name);
  let taken = 0;
  let place = 0;
  for (; place < hosts.length && taken < slots; place += 1) {
    const host = hosts[place];
    const wasAsked = place < record.admitted && !skipped.has(host?.name ?? '');
    if (host === undefined || wasAsked || host.progress === 'done' || host.progress === 'failed') continue;
    if (!host.isAlive) skipped.add(host.name);
    else {
      skipped.delete(host.name);
      taken += 1;
    }
  }
  if (taken === 0) return undefined;
  const still = [...skipped];
  return { admitted: Math.max(place, record.admitted), skipped: still.length === 0 ? undefined : still };
}
