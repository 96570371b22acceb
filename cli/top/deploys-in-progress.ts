import type { ClientWorld } from '../../world/client-world.js';
import { type HostState, hostStates } from '../../world/deploys/host-states.js';
import { withRolloutHosts } from '../../world/deploys/scheduled/scheduled-hosts.js';
import { type ReadCall, readDeployment } from '../deploy/read-deploys.js';
import { CliError } from '../errors.js';

/** A deploy on which the hosts have not decided yet. */
export interface DeployInProgress {
  readonly id: number;
  readonly app: string;
  readonly phase: 'running' | 'paused' | 'going-back';
  /** How many hosts are in which state. */
  readonly hosts: Readonly<Partial<Record<HostState, number>>>;
}

/** The deploys that are under way or wait for a person, oldest first. As many round trips for many as for one. */
export async function readDeploysInProgress(world: ClientWorld, call: ReadCall): Promise<DeployInProgress[]> {
  const [apps, agents] = await Promise.all([world.getApps(call), world.getAgents(call)]);
  const ids = [...apps.values()].sort((a, b) => a - b);
  const found = await Promise.all(
    ids.map(async (id): Promise<DeployInProgress[]> => {
      const record = await world.getRollout(id, call);
      if (record?.phase === 'done') return [];
      const [logged, reports] = await Promise.all([
        readDeployment(world, id, call).catch(noneIfUnreadable),
        world.getReports(id, call),
      ]);
      if (logged === undefined) return [];
      const states = hostStates(withRolloutHosts(logged.deployment, record), reports, agents);
      const hosts: Partial<Record<HostState, number>> = {};
      for (const { state } of states.values()) hosts[state] = (hosts[state] ?? 0) + 1;
      return [{ id, app: logged.deployment.name, phase: record?.phase ?? 'running', hosts }];
    }),
  );
  return found.flat();
}

/** One that was deleted meanwhile, or that another program made. */
function noneIfUnreadable(error: unknown): undefined {
  if (!(error instanceof CliError)) throw error;
}
