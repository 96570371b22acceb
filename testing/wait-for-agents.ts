import { timeLimit } from '../base/abort.js';
import { FleetError } from '../fixtures/index.js';
import { DEFAULT_IDEAL_CLUSTER_SIZE } from '../world/index.js';
import type { TestFleet } from './test-fleet.js';

const START_TIMEOUT_MS = 60_000;

/**
 * Waits until the agents of all hosts are there, and as many serve as will.
 * @returns the client URLs of those that serve
 * @throws FleetError `host-failed`, with the last words of those that are not there in time
 */
export async function waitForAgents(
  fleet: TestFleet,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const timeout = timeLimit(START_TIMEOUT_MS);
  const limit = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  const servers = fleet.hosts.filter(({ server }) => server);
  const seeds = servers.map(({ clientUrl }) => clientUrl);
  let present: ReadonlySet<string> = new Set();
  try {
    await using world = await fleet.world({ seeds }, { signal: limit, timeoutMs: START_TIMEOUT_MS });
    for await (const agents of world.agentsFollow({ signal: limit })) {
      present = new Set(agents.keys());
      if (fleet.hosts.every(({ name }) => present.has(name))) break;
    }
    for await (const _ of world.watchEndpoints({ signal: limit })) {
      const endpoints = await world.advertisedEndpoints({ signal: limit });
      const serving = fleet.hosts.filter(({ name }) => endpoints.has(name));
      if (serving.length >= voters(servers.length)) return serving.map(({ clientUrl }) => clientUrl);
    }
    throw limit.reason;
  } catch (error) {
    signal?.throwIfAborted();
    throw await failure(fleet, present, error);
  }
}

/** An odd number: one more would not help to go on without one. */
function voters(hosts: number): number {
  const most = Math.min(hosts, DEFAULT_IDEAL_CLUSTER_SIZE);
  return most - ((most + 1) % 2);
}

async function failure(fleet: TestFleet, present: ReadonlySet<string>, cause: unknown): Promise<FleetError> {
  const missing = fleet.hosts.filter(({ name }) => !present.has(name));
  const logs = await Promise.all(
    missing.map(async (host) => `${host.name} said last: ${lastLine(await host.agentLog())}`),
  );
  const isLate = cause instanceof DOMException && cause.name === 'TimeoutError';
  const why = isLate ? `not within ${START_TIMEOUT_MS / 1000} s` : String(cause);
  return new FleetError('host-failed', `the agents did not form a cluster (${why}); ${logs.join('; ')}`, {
    cause,
  });
}

function lastLine(log: string): string {
  return log.trimEnd().split('\n').at(-1)?.slice(0, 300) || 'nothing';
}
