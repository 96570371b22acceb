import { pause } from '../../../base/abort.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { WorldError } from '../../../world/errors.js';
import { CliError } from '../../errors.js';
import { type Refill, refillState } from '../../recover/wait-for-refill.js';

/** The member list has no watch, and is short. */
const POLL_MS = 300;

/** What the cluster should become. */
export interface WantedCluster {
  /** Hosts whose agents should be registered. */
  readonly hosts: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until the agents of all hosts are registered and as many of them vote as the fleet's size allows.
 *
 * @throws CliError `failed` naming what is missing
 */
export async function waitForCluster(world: ClientWorld, wanted: WantedCluster): Promise<void> {
  const { timeoutMs, signal } = wanted;
  const until = performance.now() + timeoutMs;
  for (let state: Refill | undefined; ; ) {
    signal.throwIfAborted();
    state = (await readCluster(world, wanted)) ?? state;
    if (state?.isComplete) return;
    if (performance.now() > until) throw incomplete(state, timeoutMs);
    await pause(POLL_MS, signal);
  }
}

/** Undefined while the cluster does not answer, which a change of its members may cause for a moment. */
async function readCluster(
  world: ClientWorld,
  { hosts, signal }: WantedCluster,
): Promise<Refill | undefined> {
  try {
    const [members, size, agents] = await Promise.all([
      world.members({ signal }),
      world.idealClusterSizeGet({ signal }),
      world.getAgents({ signal }),
    ]);
    const alive = [...agents.keys()];
    return refillState({ members, size, volunteers: alive, expected: hosts, alive });
  } catch (error) {
    if (signal.aborted || !(error instanceof WorldError) || error.code !== 'unavailable') throw error;
    return undefined;
  }
}

function incomplete(state: Refill | undefined, timeoutMs: number): CliError {
  const { members = [], wantedVoters = 0, missing = [] } = state ?? {};
  const voters = members.filter(({ isLearner }) => !isLearner).length;
  const why =
    state === undefined
      ? 'it does not answer'
      : missing.length > 0
        ? `no agent is registered on ${missing.join(', ')}`
        : `${voters} of ${wantedVoters} servers vote`;
  const message = `The cluster is not complete after ${timeoutMs / 1_000} s: ${why}. The agents keep trying: check with "hawser status", and with "journalctl -u hawser" on the hosts.`;
  const hosts = Object.fromEntries(missing.map((host) => [host, 'no agent is registered']));
  return new CliError('failed', message, { hosts });
}
