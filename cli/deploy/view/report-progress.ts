import type { ClientWorld } from '../../../world/client-world.js';
import type { Deployment } from '../../../world/deploys/deploy-payload.js';
import type { HostProgress } from '../../../world/deploys/host-states.js';
import type { RolloutRecord } from '../../../world/deploys/rollout/rollout-record.js';
import { EXIT_CODES } from '../../exit-codes.js';
import { type OutputOptions, printNote } from '../../output/print.js';
import { writeJson } from '../../output/write-output.js';
import { type DeployOutcome, describeHost, outcomeOf } from './deploy-outcome.js';
import { type DeployProgress, waitForDeploy } from './wait-for-deploy.js';
import { watchOnScreen } from './watch-on-screen.js';

/** What is shown while a deploy is under way. */
interface Watcher {
  readonly onChange: (hostname: string, host: HostProgress) => void;
  readonly onPhase: (record: RolloutRecord) => void;
  readonly onLook?: (progress: DeployProgress) => void;
  /** Called at the end, also if it is not the deploy's. */
  readonly close: (outcome: DeployOutcome | undefined) => void;
}

/** The entry of the log that is waited for. */
export interface WatchedEntry {
  readonly id: number;
  readonly deployment: Deployment;
}

/** How a deploy is waited for. */
export interface WatchRun extends OutputOptions {
  readonly signal: AbortSignal;
  /** In milliseconds. */
  readonly waitTimeout: number;
  /** Whether a program is told of each change, or of the end only. Default true. */
  readonly tellsChanges?: boolean | undefined;
  /** Called whenever the deploy was looked at. */
  readonly onLook?: ((entry: WatchedEntry, progress: DeployProgress) => void) | undefined;
}

/**
 * Waits for a deploy, shows each change on the way (on a terminal all hosts at once, else a line for each change, for programs an
 * object a line), and says how it ended.
 */
export async function reportOutcome(
  world: ClientWorld,
  { id, deployment }: WatchedEntry,
  run: WatchRun,
): Promise<DeployOutcome> {
  const watcher = watcherFor({ id, deployment }, run);
  let outcome: DeployOutcome | undefined;
  try {
    const progress = await waitForDeploy({
      ...{ world, id, deployment, signal: run.signal, timeoutMs: run.waitTimeout },
      ...watcher,
      onLook: (seen) => {
        run.onLook?.({ id, deployment }, seen);
        watcher.onLook?.(seen);
      },
    });
    outcome = outcomeOf(id, deployment, progress);
    return outcome;
  } finally {
    watcher.close(outcome);
  }
}

function watcherFor({ id, deployment }: WatchedEntry, run: WatchRun): Watcher {
  if (!run.json) return onScreen(id, deployment) ?? lineByLine(run);
  return run.tellsChanges === false ? lineByLine(run) : forProgram(id, deployment);
}

function forProgram(id: number, { name: app }: Deployment): Watcher {
  const common = { id, app, verdict: 'running' };
  return {
    onChange: (hostname, host) => writeJson({ ...common, ...describeHost(hostname, host) }),
    onPhase: ({ phase, reason }) => {
      if (phase !== 'done') writeJson({ ...common, phase, reason: reason ?? null });
    },
    close: () => undefined,
  };
}

function onScreen(id: number, deployment: Deployment): Watcher | undefined {
  const screen = watchOnScreen(id, deployment);
  if (screen === undefined) return undefined;
  return {
    onChange: () => undefined,
    onPhase: () => undefined,
    onLook: (progress) => screen.show(progress),
    // What went wrong is told by a table of its own.
    close: (outcome) =>
      screen.close({ isLeft: outcome === undefined || outcome.exitCode === EXIT_CODES.done }),
  };
}

function lineByLine(run: OutputOptions): Watcher {
  return {
    onChange: (hostname, host) => printNote(run, progressLine(hostname, host)),
    onPhase: (record) => {
      const said = phaseLine(record);
      if (said !== undefined) printNote(run, said);
    },
    close: () => undefined,
  };
}

const QUIET_STATES: readonly string[] = ['fetching', 'waiting', 'applying', 'healthy', 'skipped'];

function progressLine(hostname: string, { state, message }: HostProgress): string {
  return QUIET_STATES.includes(state) ? `${hostname}: ${message}` : `${hostname}: ${state}: ${message}`;
}

function phaseLine({ phase, reason }: RolloutRecord): string | undefined {
  const why = reason === undefined ? '' : ` ${reason}`;
  if (phase === 'going-back') return `The hosts that have switched go back.${why}`;
  return phase === 'paused' ? `Paused.${why}` : undefined;
}
