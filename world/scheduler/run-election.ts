import { onAbort, pause, timeLimit } from '../../base/abort.js';
import { Backoff } from '../../base/backoff.js';
import type { Client } from '../client/client.js';
import { campaign } from '../client/concurrency/election.js';
import type { Leadership } from '../client/concurrency/owned-key.js';
import { WorldError } from '../errors.js';
import { CANDIDATES_PREFIX, DECISIONS_PREFIX, SCHEDULER_ELECTION, SCHEDULER_PATH } from '../keys.js';
import { reportConflict } from './hostname-conflicts.js';
import { LAST_ROUND_MS, type LeaderContext, SchedulerLeader } from './scheduler-leader.js';
import { WatchedSchedules } from './watched-schedules.js';

/** Short, so that a dead host which decided is followed by another before its candidates have gone. */
const ELECTION_TTL_SECONDS = 2;

/**
 * Campaigns to be the host that decides once there is something to decide, decides while it is, and starts again until
 * `stop` aborts; never rejects.
 * It leaves only when no decision names a host that has left: nobody else may be there to take care of that.
 */
export async function runElection(context: LeaderContext, stop: AbortSignal): Promise<void> {
  const { client, hostname, log } = context;
  const over = new AbortController();
  const backoff = new Backoff();
  let serving = false;
  let lastProblem = '';
  const leave = async (): Promise<void> => {
    // While etcd is unreachable there is nothing to wait for.
    if (!serving) await waitForDecisions(client, timeLimit(LAST_ROUND_MS)).catch(() => undefined);
    if (!serving) over.abort();
  };
  onAbort([stop], () => void leave());
  while (!over.signal.aborted) {
    try {
      await waitForWork(client, over.signal);
      await using leadership = await campaignAsHost(context, over.signal);
      serving = true;
      log?.('debug', `${hostname} was elected to decide the schedules`);
      await new SchedulerLeader(context, leadership).serve(stop);
    } catch (error) {
      if (isClosed(error)) return;
      if (!over.signal.aborted && String(error) !== lastProblem)
        log?.('debug', `${hostname} cannot decide schedules for now: ${String(error)}`);
      lastProblem = String(error);
    }
    if (stop.aborted && serving) return;
    serving = false;
    await pause(backoff.next(), stop.aborted ? over.signal : stop);
  }
}

/** Campaigns until this host is elected. */
async function campaignAsHost(
  { client, hostname, log }: LeaderContext,
  signal: AbortSignal,
): Promise<Leadership> {
  const waited = new AbortController();
  const reporting = reportConflict(client, hostname, log, AbortSignal.any([signal, waited.signal]));
  // A failure to read is no reason not to campaign.
  reporting.catch(() => undefined);
  try {
    return await campaign(client, SCHEDULER_ELECTION, hostname, { ttlSeconds: ELECTION_TTL_SECONDS, signal });
  } finally {
    waited.abort();
  }
}

/** Sessions are renewed often, so a host that has nothing to decide does without one. */
async function waitForWork(client: Client, signal: AbortSignal): Promise<void> {
  for await (const _ of client.changes({ key: CANDIDATES_PREFIX, prefix: true }, { signal })) {
    const { entries } = await client.listTogether([CANDIDATES_PREFIX, DECISIONS_PREFIX], { signal });
    if (entries.length > 0) return;
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof WorldError && error.code === 'closed';
}

/**
 * Waits until no decision names a host that is no longer a candidate, so that a leaving host knows that it is not the
 * last one that could take care of it. Resolves at `signal` too.
 * @throws WorldError `unavailable`
 */
async function waitForDecisions(client: Client, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of client.changes({ key: SCHEDULER_PATH, prefix: true }, { signal })) {
      const schedules = new WatchedSchedules(undefined);
      schedules.reset((await client.list(SCHEDULER_PATH, { signal })).entries);
      if (schedules.all.every(({ decided, candidates }) => decided.every((host) => candidates.has(host))))
        return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
