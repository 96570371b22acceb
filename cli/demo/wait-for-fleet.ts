import { timeLimit } from '../../base/abort.js';
import type { Fleet } from '../../fixtures/index.js';
import type { ClientWorld } from '../../world/client-world.js';

const START_TIMEOUT_MS = 60_000;

/**
 * Waits until every host has registered its agent and serves as a voting member.
 *
 * @throws Error naming the hosts that did not join in time, with the end of their agents' logs.
 */
export async function waitForFleet(world: ClientWorld, fleet: Fleet, signal: AbortSignal): Promise<void> {
  const names = fleet.hosts.map(({ name }) => name);
  const limit = AbortSignal.any([signal, timeLimit(START_TIMEOUT_MS)]);
  let serving = new Set<string>();
  for await (const _ of world.watchEndpoints({ signal: limit })) {
    serving = new Set((await world.advertisedEndpoints({ signal: limit })).keys());
    if (names.every((name) => serving.has(name))) return;
  }
  signal.throwIfAborted();
  const missing = fleet.hosts.filter(({ name }) => !serving.has(name));
  const logs = await Promise.all(
    missing.map(async (host) => `${host.name}:\n${lastLines(await host.agentLog())}`),
  );
  throw new Error(
    `These hosts did not join the cluster within ${START_TIMEOUT_MS / 1_000} s:\n${logs.join('\n')}`,
  );
}

function lastLines(log: string): string {
  return log.trimEnd().split('\n').slice(-10).join('\n').replace(/^/gm, '  | ');
}
