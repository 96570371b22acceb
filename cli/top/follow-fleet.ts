import { pause } from '../../base/abort.js';
import { type Log, warnOnce } from '../../base/log.js';
import { Notify } from '../../base/notify.js';
import { foldWatches } from '../../world/client/watch/fold-watches.js';
import type { ClientWorld } from '../../world/client-world.js';
import { WorldError } from '../../world/errors.js';
import {
  AGENTS_PREFIX,
  CERTIFICATES_PREFIX,
  CONVERGED_PATH,
  DECISIONS_PREFIX,
  DEPLOYS_PREFIX,
  HEALTH_PREFIX,
  HOSTS_PREFIX,
  IDEAL_CLUSTER_SIZE_KEY,
  RECIPIENTS_PREFIX,
  REPORTS_PREFIX,
  RUNNING_PREFIX,
  SECRETS_PREFIX,
  VOLUNTEER_PREFIX,
} from '../../world/keys.js';
import type { ReadCall } from '../deploy/read-deploys.js';
import type { FleetStatus, Problem } from '../status/fleet-status.js';
import { readCluster, readStatus } from '../status/read-status.js';
import { type DeployInProgress, readDeploysInProgress } from './deploys-in-progress.js';

/** Something wrong with the fleet; `unavailable`: etcd does not answer at the moment. */
export type WatchedProblem = Omit<Problem, 'code'> & { readonly code: Problem['code'] | 'unavailable' };

/** The fleet as `status` has it, with the deploys that are under way. */
export interface WatchedFleet extends Omit<FleetStatus, 'problems'> {
  readonly problems: readonly WatchedProblem[];
  readonly deploys: readonly DeployInProgress[];
}

/** All that a status is made of. */
const WATCHED = [
  ...[AGENTS_PREFIX, HOSTS_PREFIX, CONVERGED_PATH, RUNNING_PREFIX, HEALTH_PREFIX, CERTIFICATES_PREFIX],
  ...[VOLUNTEER_PREFIX, DEPLOYS_PREFIX, REPORTS_PREFIX, DECISIONS_PREFIX, SECRETS_PREFIX, RECIPIENTS_PREFIX],
  IDEAL_CLUSTER_SIZE_KEY,
].map((key) => ({ key, prefix: true }));

/** Changes come in bursts: what follows within this time is read with the first. */
const BURST_MS = 150;

/** etcd has no watch for its members, leader and alarms. This also notices when it does not answer any more. */
const CLUSTER_INTERVAL_MS = 2_000;

/**
 * Yields the fleet, and again after each change or burst of changes. While etcd does not answer, it yields what was known last, with
 * that as the worst problem. Ends when the signal aborts.
 *
 * @throws WorldError as `readStatus`; `unavailable` only before the first
 */
export async function* followFleet(
  world: ClientWorld,
  { signal, timeoutMs }: ReadCall,
  log: Log,
): AsyncGenerator<WatchedFleet> {
  const over = new AbortController();
  const call = { signal: AbortSignal.any([signal, over.signal]), timeoutMs };
  const signs = new Signs();
  const warn = warnOnce(log) ?? log;
  // Before the first look, so that no change between the two is missed.
  const watching = Promise.all([watchKeys(world, call, signs), watchCluster(world, call, signs)]);
  watching.catch((error: unknown) => signs.fail(error));
  try {
    yield* looks(signs, () => look(world, call, warn), call.signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    over.abort();
    await watching.catch(() => undefined);
  }
}

async function* looks(
  signs: Signs,
  lookNow: () => Promise<WatchedFleet>,
  signal: AbortSignal,
): AsyncGenerator<WatchedFleet> {
  let last = await lookNow();
  yield last;
  for (;;) {
    await signs.news.wait(undefined, signal);
    if (signal.aborted) return;
    if (signs.failure !== undefined) throw signs.failure;
    if (signs.silentSince !== undefined) yield silent(last, signs.silentSince);
    else if (signs.isStale) {
      await pause(BURST_MS, signal);
      signs.isStale = false;
      const next = await lookNow().catch(unlessUnavailable(signs));
      last = next ?? last;
      yield next ?? silent(last, signs.silentSince ?? new Date());
    }
  }
}

/** What the watches found, for the reader. */
class Signs {
  readonly news = new Notify();
  isStale = false;
  /** Since when etcd has not answered. */
  silentSince: Date | undefined;
  failure: unknown;

  changed(): void {
    this.isStale = true;
    this.news.notify();
  }

  silent(): void {
    this.isStale = true;
    if (this.silentSince === undefined) this.news.notify();
    this.silentSince ??= new Date();
  }

  answered(): void {
    if (this.silentSince === undefined) return;
    this.silentSince = undefined;
    this.news.notify();
  }

  fail(error: unknown): void {
    this.failure = error ?? new Error('a watch ended without a reason');
    this.news.notify();
  }
}

async function look(world: ClientWorld, call: ReadCall, log: Log): Promise<WatchedFleet> {
  const [status, deploys] = await Promise.all([
    readStatus(world, call, log),
    readDeploysInProgress(world, call),
  ]);
  return { ...status, deploys };
}

async function watchKeys(world: ClientWorld, { signal }: ReadCall, signs: Signs): Promise<void> {
  const fold = { apply: () => true, value: () => undefined };
  for await (const _ of foldWatches(world.client, WATCHED, { signal }, fold)) signs.changed();
}

async function watchCluster(world: ClientWorld, call: ReadCall, signs: Signs): Promise<void> {
  let last: string | undefined;
  while (!call.signal.aborted) {
    const cluster = await readCluster(world, call).catch(unlessUnavailable(signs));
    if (cluster !== undefined) {
      const { members, leader, alarms } = cluster;
      const now = JSON.stringify({ members, leader, alarms });
      if (last !== undefined && now !== last) signs.changed();
      last = now;
      signs.answered();
    }
    await pause(CLUSTER_INTERVAL_MS, call.signal);
  }
}

function unlessUnavailable(signs: Signs): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof WorldError) || error.code !== 'unavailable') throw error;
    signs.silent();
    return undefined;
  };
}

function silent(last: WatchedFleet, since: Date): WatchedFleet {
  const at = since.toISOString().slice(11, 19);
  const message = `etcd has not answered since ${at} UTC, and this is older: "hawser status" asks the hosts by SSH.`;
  const problem: WatchedProblem = { code: 'unavailable', host: null, message };
  return { ...last, ok: false, problems: [problem, ...last.problems] };
}
