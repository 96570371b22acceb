import type { ProcessState } from '../processes/process-host.js';
import type { ReleaseRun } from '../processes/release-run.js';

/** A process of an app, as its host sees it. */
export interface RunningProcess {
  readonly state: ProcessState;
  readonly pid?: number;
  /** How often it was restarted recently. */
  readonly restarts: number;
  /** How it ended last, such as "exited (exit code 7)". */
  readonly lastExit?: string;
  /** "healthy", "checking", or "unhealthy: …"; absent without a check. */
  readonly health?: string;
  readonly since: string;
}

/** `running` only if all of its processes run and all of its checks pass. */
type RunningState = 'running' | 'starting' | 'restarting' | 'unhealthy' | 'stopped';

/** An app, as its host sees it. */
export interface RunningApp {
  readonly deploy: number;
  readonly tree: string;
  /** Since when this deploy has been run here: ISO 8601. */
  readonly since: string;
  readonly state: RunningState;
  readonly processes: Readonly<Record<string, RunningProcess>>;
}

export function describeRunningApp(run: ReleaseRun, since: string): RunningApp {
  const { id, deployment } = run.release;
  const healths = run.watches.map(({ check, health }) => ({
    process: check.process,
    text: health.state === 'unhealthy' ? `unhealthy: ${health.finding}` : health.state,
  }));
  const processes = run.processes.map(({ spec, status }): [string, RunningProcess] => {
    const { state, pid, restarts, lastExit } = status;
    const health = healths.find(({ process }) => process === spec.process || process === undefined)?.text;
    return [
      spec.process,
      {
        state,
        ...(pid === undefined ? {} : { pid }),
        restarts,
        ...(lastExit === undefined ? {} : { lastExit }),
        ...(health === undefined ? {} : { health }),
        since: status.since,
      },
    ];
  });
  const states = processes.map(([, { state }]) => state);
  const order: readonly RunningState[] = ['restarting', 'stopped', 'starting'];
  const worst = order.find((state) => states.some((one) => one === state));
  const isIll = healths.some(({ text }) => text.startsWith('unhealthy'));
  const isUnknown = healths.some(({ text }) => text === 'checking');
  const state = worst ?? (isIll ? 'unhealthy' : isUnknown ? 'starting' : 'running');
  return { deploy: id, tree: deployment.tree, since, state, processes: Object.fromEntries(processes) };
}
