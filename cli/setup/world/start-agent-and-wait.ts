import { noteDestination } from '../../../world/agents/fleet-hosts.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { destinationOf, type FleetHost } from '../../fleet/file/fleet.js';
import type { HostShell } from '../host/host-shell.js';
import { lastWords, readAgentState, restartAgent } from '../service/control-agent.js';
import { untilAgentServes } from './until-agent-serves.js';

const START_TIMEOUT_MS = 90_000;

export interface FleetStart {
  readonly shell: HostShell;
  readonly host: FleetHost;
  /** When the agent that runs until now was started; undefined where none runs. */
  readonly startedBefore: string | undefined;
  readonly openWorld: () => Promise<ClientWorld>;
  readonly signal: AbortSignal;
}

/**
 * Starts the agent of a host, or starts it again, and waits until it has joined the fleet.
 * @throws CliError `failed` with the end of its log; WorldError
 */
export async function startInFleet(start: FleetStart): Promise<void> {
  const { shell, host, startedBefore, openWorld, signal } = start;
  await restartAgent(shell, signal);
  await using world = await openWorld();
  await untilAgentServes({
    ...{ hostname: host.name, world, startedBefore, signal },
    timeoutMs: START_TIMEOUT_MS,
    whyEnded: async () => {
      const { isRunning } = await readAgentState(shell, signal);
      return isRunning ? undefined : lastWords(shell, signal);
    },
    lastWords: () => lastWords(shell, signal),
  });
  await noteDestination(world.client, host.name, destinationOf(host), { signal });
}
