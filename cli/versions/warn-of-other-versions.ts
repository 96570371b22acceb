import { AGENT_PROTOCOL } from '../../agent/constants.js';
import type { Log } from '../../base/log.js';
import { listAgents } from '../../world/agents/registered-agents.js';
import type { ClientWorld } from '../../world/client-world.js';
import { describeOtherVersions } from './describe-other-versions.js';

/**
 * Warns once, beside what a command does, if agents run another version of hawser than it is. The command waits for nothing
 * of it and never fails by it: what is not known by the time that the result is disposed of is not said.
 */
export function warnOfOtherVersions(
  { client }: Pick<ClientWorld, 'client'>,
  { version, log }: { readonly version: string; readonly log: Log },
): Disposable {
  const over = new AbortController();
  listAgents(client, undefined, { signal: over.signal }).then(
    (agents) => {
      const text = describeOtherVersions(agents, { version, protocol: AGENT_PROTOCOL });
      if (text !== undefined && !over.signal.aborted) log('warn', text);
    },
    // Why the fleet cannot be read is for the command itself to say.
    () => undefined,
  );
  return { [Symbol.dispose]: () => over.abort() };
}
