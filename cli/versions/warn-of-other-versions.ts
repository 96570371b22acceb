import { setImmediate as nextTurn } from 'node:timers/promises';
import { AGENT_PROTOCOL } from '../../agent/constants.js';
import { pause } from '../../base/abort.js';
import type { Log } from '../../base/log.js';
import { packageVersion } from '../../base/package-version.js';
import { listAgents } from '../../world/agents/registered-agents.js';
import type { ClientWorld } from '../../world/client-world.js';
import { describeOtherVersions, type Speaker } from './describe-other-versions.js';

/** How long a command that is done waits for the answer: it was asked for first, so it is usually there. */
const MOST_WAIT_MS = 500;

/** A look at the versions of the agents that has begun. Disposing of it ends it: nothing is said any more. */
export interface VersionCheck extends Disposable {
  /** Resolves once it has said what there is to say, could not, or half a second is over; at once on an abort. */
  settled(signal: AbortSignal): Promise<void>;
}

type FleetClient = Pick<ClientWorld, 'client'>;

/**
 * Warns once, beside what a command does, if agents run another version of hawser than it is. The command never fails by
 * it.
 */
export function warnOfOtherVersions({ client }: FleetClient, log: Log): VersionCheck {
  const over = new AbortController();
  // A command that is refused at once does not connect for this.
  const reading = nextTurn().then(() => {
    over.signal.throwIfAborted();
    return listAgents(client, undefined, { signal: over.signal });
  });
  const check = reading.then(
    (agents) => {
      if (!over.signal.aborted) sayOtherVersions(agents, log);
    },
    // Why the fleet cannot be read is for the command itself to say.
    () => undefined,
  );
  return {
    settled: async (signal) => {
      const answered = new AbortController();
      void check.then(() => answered.abort());
      await pause(MOST_WAIT_MS, signal, answered.signal);
    },
    [Symbol.dispose]: () => over.abort(),
  };
}

/** The same at once, for a command that is done with what it changed. */
export async function lookForOtherVersions(world: FleetClient, log: Log, signal: AbortSignal): Promise<void> {
  using check = warnOfOtherVersions(world, log);
  await check.settled(signal);
}

/** The same for whoever has read the agents. */
export function sayOtherVersions(agents: ReadonlyMap<string, Speaker>, log: Log): void {
  const text = describeOtherVersions(agents, { version: packageVersion(), protocol: AGENT_PROTOCOL });
  if (text !== undefined) log('warn', text);
}
