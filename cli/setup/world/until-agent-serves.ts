import { pause } from '../../../base/abort.js';
import { listHosts } from '../../../world/agents/fleet-hosts.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { WorldError } from '../../../world/errors.js';
import { CliError } from '../../errors.js';

const POLL_MS = 250;
const ANSWER_MS = 3_000;
/** A service that was started some seconds ago and does not run will not serve. */
const CHECK_EVERY = 8;

/** An agent that was started. */
export interface StartedAgent {
  readonly hostname: string;
  readonly world: ClientWorld;
  /** When it started before; undefined for one that did not run. Then any record counts. */
  readonly startedBefore?: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Why it cannot serve any more, in its own words; undefined while it may. */
  readonly whyEnded: () => Promise<string | undefined>;
  /** Its last words, for an error. */
  readonly lastWords: () => Promise<string>;
}

/**
 * Waits until the agent of a host is registered with the fleet.
 * @returns what it says of itself
 * @throws CliError `failed` with the end of its log; WorldError `other-fleet` if it serves another fleet to the end
 */
export async function untilAgentServes(agent: StartedAgent): Promise<void> {
  const { hostname, timeoutMs, signal } = agent;
  const until = performance.now() + timeoutMs;
  for (let round = 1; ; round += 1) {
    signal.throwIfAborted();
    const seen = await look(agent);
    if (seen === 'registered') return;
    const ended = round % CHECK_EVERY === 0 ? await agent.whyEnded() : undefined;
    if (ended !== undefined)
      throw new CliError('failed', `The agent on ${hostname} is not running: ${ended}`);
    if (performance.now() > until) {
      if (seen instanceof WorldError) throw seen;
      const words = await agent.lastWords();
      const message = `The agent on ${hostname} did not join the fleet within ${timeoutMs / 1_000} s. Its log ends with: ${words}`;
      throw new CliError('failed', message);
    }
    await pause(POLL_MS, signal);
  }
}

/** Undefined while the cluster answers and does not list the host. */
async function look({
  world,
  hostname,
  startedBefore,
  signal,
}: StartedAgent): Promise<'registered' | WorldError | undefined> {
  try {
    const call = { signal, timeoutMs: ANSWER_MS };
    // An agent announces itself first, and then belongs to the fleet.
    const [agents, hosts] = await Promise.all([
      world.getAgents(call),
      listHosts(world.client, undefined, call),
    ]);
    const found = agents.get(hostname);
    const isNew = found !== undefined && found.startedAt !== startedBefore;
    return isNew && hosts.has(hostname) ? 'registered' : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof WorldError)) throw error;
    if (error.code === 'unavailable') return undefined;
    // A new cluster names its fleet only after its first server serves.
    if (error.code === 'other-fleet') return error;
    throw error;
  }
}
