import { setTimeout as delay } from 'node:timers/promises';
import type { Member } from '../../world/client/member-types.js';
import type { ClientWorld } from '../../world/client-world.js';
import { WorldError } from '../../world/errors.js';
import { VOLUNTEER_PREFIX } from '../../world/keys.js';
import { CliError } from '../errors.js';

const POLL_MS = 500;

export interface WaitForSize {
  /** The hostnames that should be back. */
  readonly expected: readonly string[];
  /** All hostnames whose agents answered. Dead hosts may still seem to volunteer for a while. */
  readonly alive: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The state of a cluster that is growing back. */
export interface Refill {
  readonly members: readonly Member[];
  /** How many should vote, of those that volunteer. */
  readonly wantedVoters: number;
  /** Expected hosts that have not volunteered. */
  readonly missing: readonly string[];
  readonly isComplete: boolean;
}

/**
 * Waits until every expected host volunteers and as many vote as the fleet's size and the hosts that live allow.
 *
 * @throws CliError `incomplete` naming what is missing.
 */
export async function waitForRefill(world: ClientWorld, options: WaitForSize): Promise<Refill> {
  const { timeoutMs, signal } = options;
  const until = performance.now() + timeoutMs;
  let refill: Refill | undefined;
  for (;;) {
    refill = (await readRefill(world, options)) ?? refill;
    if (refill?.isComplete) return refill;
    if (performance.now() > until) throw incomplete(refill, timeoutMs);
    await delay(POLL_MS, undefined, { signal });
  }
}

/** Undefined while the cluster does not answer, which a change of its members may cause for a moment. */
async function readRefill(
  world: ClientWorld,
  { expected, alive, signal }: WaitForSize,
): Promise<Refill | undefined> {
  try {
    const [members, size, { entries }] = await Promise.all([
      world.members({ signal }),
      world.idealClusterSizeGet({ signal }),
      world.client.list(VOLUNTEER_PREFIX, { signal, keysOnly: true }),
    ]);
    const volunteers = entries.map(({ key }) => key.slice(VOLUNTEER_PREFIX.length));
    return refillState({ members, size, volunteers, expected, alive });
  } catch (error) {
    if (signal.aborted || !(error instanceof WorldError) || error.code !== 'unavailable') throw error;
    return undefined;
  }
}

/** The cluster keeps an odd number of voters: an even one bears no more failures. */
export function refillState(found: {
  readonly members: readonly Member[];
  readonly size: number;
  readonly volunteers: readonly string[];
  readonly expected: readonly string[];
  readonly alive: readonly string[];
}): Refill {
  const { members, size, volunteers, expected, alive } = found;
  const possible = Math.min(size, volunteers.filter((host) => alive.includes(host)).length);
  const wantedVoters = Math.max(1, possible % 2 === 0 ? possible - 1 : possible);
  const missing = expected.filter((host) => !volunteers.includes(host));
  const voters = members.filter(({ isLearner }) => !isLearner);
  // A learner that has no name has not started, and may be a host that died; one that has is about to vote.
  const isGrowing = members.some(({ isLearner, name }) => isLearner && name !== '');
  const isComplete = missing.length === 0 && !isGrowing && voters.length >= wantedVoters;
  return { members, wantedVoters, missing, isComplete };
}

function incomplete(refill: Refill | undefined, timeoutMs: number): CliError {
  const after = `after ${timeoutMs / 1000} s`;
  if (refill === undefined) {
    return new CliError('incomplete', `The cluster was rebuilt, but does not answer ${after}.`);
  }
  const { members, wantedVoters, missing } = refill;
  const voters = members.filter(({ isLearner }) => !isLearner).length;
  const why = [
    ...(missing.length === 0 ? [] : [`not back: ${missing.join(', ')}`]),
    ...(voters >= wantedVoters ? [] : [`${voters} of ${wantedVoters} servers vote`]),
  ];
  const message = `The cluster was rebuilt and is serving, but is not complete ${after}: ${why.join('; ') || 'a member is still being added'}. Check the logs of the agents.`;
  const hosts = Object.fromEntries(missing.map((host) => [host, 'not back']));
  return new CliError('incomplete', message, { hosts });
}
