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
 * @throws CliError `failed` with the end of its log
 */
export async function untilAgentServes(agent: StartedAgent): Promise<void> {
  const { hostname, timeoutMs, signal } = agent;
  const until = performance.now() + timeoutMs;
  for (let round = 1; ; round += 1) {
    signal.throwIfAborted();
    if (await isRegistered(agent)) return;
    const ended = round % CHECK_EVERY === 0 ? await agent.whyEnded() : undefined;
    if (ended !== undefined) throw new CliError('failed', `The agent on ${hostname} does not run: ${ended}`);
    if (performance.now() > until) {
      const words = await agent.lastWords();
      const message = `The agent on ${hostname} did not join the fleet within ${timeoutMs / 1_000} s. Its log ends with: ${words}`;
      throw new CliError('failed', message);
    }
    await pause(POLL_MS, signal);
  }
}

async function isRegistered({ world, hostname, startedBefore, signal }: StartedAgent): Promise<boolean> {
  try {
    const call = { signal, timeoutMs: ANSWER_MS };
    // An agent announces itself first, and then belongs to the fleet.
    const [agents, hosts] = await Promise.all([
      world.getAgents(call),
      listHosts(world.client, undefined, call),
    ]);
    const found = agents.get(hostname);
    return found !== undefined && found.startedAt !== startedBefore && hosts.has(hostname);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof WorldError && error.code === 'unavailable') return false;
    throw error;
  }
}
