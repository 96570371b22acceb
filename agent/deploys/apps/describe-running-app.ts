import type { RunningApp, RunningProcess } from '../../../world/internal.js';
import type { Health, HealthWatch } from '../health/health-watch.js';
import type { HostedProcess } from '../processes/process-host.js';
import type { ReleaseRun } from '../processes/release-run.js';

/** What is told to the fleet of a release that runs here. */
export function describeRunningApp({ release, processes, watches }: ReleaseRun, since: string): RunningApp {
  const { id, deployment } = release;
  const described = processes.map((process) => [process.spec.process, describeProcess(process, watches)]);
  return {
    ...{ deploy: id, tree: deployment.tree, since, processes: Object.fromEntries(described) },
    ...(processes.length === 0 ? describeHealth(watches) : {}),
  };
}

function describeProcess({ spec, status }: HostedProcess, watches: readonly HealthWatch[]): RunningProcess {
  const { state, pid, restarts, lastExit, since } = status;
  const about = watches.filter(({ check }) => check.process === spec.process || check.process === undefined);
  return {
    ...{ state, restarts, since },
    ...(pid === undefined ? {} : { pid }),
    ...(lastExit === undefined ? {} : { lastExit }),
    ...describeHealth(about),
  };
}

function describeHealth(watches: readonly HealthWatch[]): Pick<RunningApp, 'health' | 'finding'> {
  const health = worstOf(watches.map((watch) => watch.health));
  if (health === undefined || health.state === 'checking') return {};
  return health.state === 'failing'
    ? { health: health.state, finding: health.finding }
    : { health: health.state };
}

function worstOf(all: readonly Health[]): Health | undefined {
  return (
    all.find(({ state }) => state === 'failing') ?? all.find(({ state }) => state === 'checking') ?? all[0]
  );
}
