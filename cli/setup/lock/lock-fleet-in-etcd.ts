import type { Lock } from '../../../world/client/concurrency/owned-key.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { WorldError } from '../../../world/errors.js';
import { CliError } from '../../errors.js';
import { formatOwner, type LockOwner, parseOwner } from './lock-owner.js';

/** An election, since its entries say whose they are. */
const ELECTION = 'hawser-setup';

/** How long to stand in line: long enough for the lock of a run that has just ended. */
const WAIT_MS = 2_000;

/**
 * Keeps other runs of `up`, `down` and `upgrade` away from the whole fleet, wherever they run, for as long as its etcd
 * answers us; each host has a lock besides. The lock of a run that died ends by itself after some ten seconds.
 *
 * @throws CliError `locked` while somebody else has it, naming them; WorldError `unavailable`
 */
export async function lockFleet(
  world: ClientWorld,
  fleet: string,
  us: LockOwner,
  signal: AbortSignal,
): Promise<Lock> {
  try {
    return await world.campaign(ELECTION, { value: formatOwner(us), timeoutMs: WAIT_MS, signal });
  } catch (error) {
    if (!(error instanceof WorldError) || error.code !== 'conflict') throw error;
    const holder = parseOwner((await world.leader(ELECTION, { signal })) ?? '');
    const who =
      holder === undefined
        ? 'Another run of hawser'
        : `"hawser ${holder.command}" of ${holder.by} (pid ${holder.pid})`;
    const message = `${who} is changing the fleet ${fleet}. Wait until it is done, then try again.`;
    throw new CliError('locked', message, { cause: error });
  }
}
