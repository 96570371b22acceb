import type { Notify } from '../../base/notify.js';
import type { ClientWorld, Log } from '../../world/internal.js';

/** How many of the newest deploys stay in the log. */
export const DEFAULT_KEEP_DEPLOYS = 50;

/** How often it checks even without a new deploy: another host may have been elected, or finished a deploy. */
const QUIET_MS = 600_000;

/** How long after a change it looks once more: hosts tell what they run a moment after what they report. */
const SETTLE_MS = 3_000;

export interface PruneOptions {
  readonly world: ClientWorld;
  /** How many of the newest deploys stay; 0 keeps all. */
  readonly keep: number;
  /** Whether this host is elected to manage the fleet. */
  readonly isElected: () => boolean;
  readonly log: Log;
  /** Notified at each change of the log, or of what was decided on its deploys. */
  readonly changed: Notify;
}

/**
 * On the elected host, keeps the deploy log short and frees blocks that only deleted deploys used. Nothing depends on
 * it: failures are logged once and retried later. Runs until the signal aborts.
 */
export async function pruneDeployLog(options: PruneOptions, signal: AbortSignal): Promise<void> {
  if (options.keep === 0) return;
  let [isGcPending, lastLogged, pauseMs] = [false, '', SETTLE_MS];
  while (!signal.aborted) {
    try {
      if (options.isElected()) isGcPending = await pruneAndFree(options, isGcPending, signal);
      lastLogged = '';
    } catch (error) {
      if (signal.aborted) break;
      const why = reasonOf(error);
      if (why !== lastLogged) options.log('warn', `could not prune old deploys; will try again: ${why}`);
      lastLogged = why;
    }
    const since = performance.now();
    await options.changed.wait(pauseMs, signal);
    const isNews = performance.now() - since < pauseMs;
    pauseMs = isNews ? SETTLE_MS : QUIET_MS;
  }
}

/** @returns whether something was pruned whose blocks could not be freed. */
async function pruneAndFree(
  { world, keep, log }: PruneOptions,
  isGcPending: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const pruned = await world.pruneDeploys(keep, { signal });
  if (pruned === 0 && !isGcPending) return false;
  if (pruned > 0)
    log('info', `deleted ${pruned} old deploys; kept the newest ${keep} and those that hosts run`);
  try {
    const { freed } = await world.fsGc({ signal });
    log('info', `freed ${freed} blocks of deleted deploys`);
    return false;
  } catch (error) {
    signal.throwIfAborted();
    log('warn', `could not free the blocks of deleted deploys; will try again: ${reasonOf(error)}`);
    return true;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
