import type { ClientWorld } from '../../../world/client-world.js';
import type { HostShell } from '../host/host-shell.js';
import { lastWords, readAgentState, restartAgent } from '../service/control-agent.js';
import { untilAgentServes } from './until-agent-serves.js';
import { waitForCluster } from './wait-for-cluster.js';

const SERVE_TIMEOUT_MS = 90_000;
const CLUSTER_TIMEOUT_MS = 60_000;

export interface FleetRestart {
  readonly shell: HostShell;
  /** Through another host where there is one. */
  readonly world: ClientWorld;
  readonly signal: AbortSignal;
  /** What is changed on the host just before. */
  readonly change: () => Promise<void>;
}

/**
 * Starts the agent of a host again and waits until it, and the cluster, are as before.
 *
 * @throws CliError `failed` with the end of its log; WorldError
 */
export async function restartInFleet({ shell, world, signal, change }: FleetRestart): Promise<void> {
  const agents = await world.getAgents({ signal });
  await change();
  await restartAgent(shell, signal);
  await untilAgentServes({
    hostname: shell.name,
    world,
    startedBefore: agents.get(shell.name)?.startedAt,
    timeoutMs: SERVE_TIMEOUT_MS,
    signal,
    whyEnded: async () => {
      const { isRunning } = await readAgentState(shell, signal);
      return isRunning ? undefined : lastWords(shell, signal);
    },
    lastWords: () => lastWords(shell, signal),
  });
  const hosts = [...new Set([...agents.keys(), shell.name])];
  await waitForCluster(world, { hosts, timeoutMs: CLUSTER_TIMEOUT_MS, signal });
}
