import { setTimeout as delay } from 'node:timers/promises';
import type { HostedProcess } from '../processes/process-host.js';
import { settleMsOf } from '../processes/release-context.js';
import type { Release } from '../releases/deploy-entry.js';
import type { StepFailure } from '../step-failure.js';
import type { AppChecks } from './app-checks.js';
import { runHealthCheck, waitUntilHealthy } from './run-health-check.js';

/** What is wrong, and the process whose output may say more. */
interface Finding {
  readonly finding: string;
  readonly process: HostedProcess | undefined;
}

/**
 * Waits until all checks of a release pass while none of its processes ends, and go on so for the settling time.
 *
 * @returns undefined if they did
 */
export async function untilSettled(
  release: Release,
  processes: readonly HostedProcess[],
  checks: AppChecks,
  signal: AbortSignal,
): Promise<StepFailure | undefined> {
  const done = new AbortController();
  const settleMs = processes.length === 0 ? 0 : settleMsOf(release.deployment.manifest);
  const settled = settle(checks, settleMs, processes.length > 0, AbortSignal.any([signal, done.signal]));
  settled.catch(() => undefined); // aborted if a process ended first; that has the reason then
  const ends = processes.map(
    async (process): Promise<Finding> => ({
      process,
      finding: await checks.explainEnd(process, await process.ended),
    }),
  );
  try {
    const found = await Promise.race([settled, ...ends]);
    if (found === undefined) return undefined;
    const logTail = await (found.process ?? processes[0])?.logTail();
    return { message: `The app did not become healthy: ${found.finding}.`, logTail: logTail ?? '' };
  } finally {
    done.abort();
  }
}

async function settle(
  checks: AppChecks,
  settleMs: number,
  hasProcesses: boolean,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const from = performance.now();
  for (;;) {
    const passedMs = performance.now() - from;
    const waiting = await checks.tryAll(
      (check, options) =>
        waitUntilHealthy({ ...check, timeoutMs: Math.max(0, check.timeoutMs - passedMs) }, options),
      signal,
    );
    if (waiting !== undefined) return waiting;
    await delay(settleMs, undefined, { signal });
    const after = hasProcesses ? await checks.tryAll(runHealthCheck, signal) : undefined;
    if (after === undefined) return undefined;
    if (performance.now() - from > after.check.timeoutMs) return after;
  }
}
