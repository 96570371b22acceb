import { setTimeout as delay } from 'node:timers/promises';
import { type Client, type Log, WorldError } from '../../world/direct.js';
import { VOLUNTEER_PREFIX } from './keys.js';
import type { OwnServer } from './own-server.js';

/** How long an orderly end waits for the others to let this host go, before the server is stopped all the same. */
export const leaveTimeoutMs = 15_000;

const pollMs = 250;
const answerMs = 1000;

/** A cluster without a majority can let nobody go: so long it is given to find one. */
const withoutMajorityMs = 5000;

/**
 * Waits until the others have taken this host's server out of the cluster, which ends it. Returns sooner where no other
 * host is there to take over, and at the latest at `until` (of the monotonic clock): the server then still runs, and
 * stopped with its data it comes back as itself.
 */
export async function leaveCluster(
  client: Client,
  own: OwnServer,
  hostname: string,
  until: number,
  log: Log,
): Promise<void> {
  let unanswered: number | undefined;
  for (let isSaid = false; performance.now() < until; isSaid = true) {
    const others = await otherVolunteers(client, hostname);
    if (others?.length === 0)
      return log(
        'info',
        `no other host is there to take over: the server of ${hostname} stops, its data stays`,
      );
    unanswered = others === undefined ? (unanswered ?? performance.now()) : undefined;
    if (performance.now() - (unanswered ?? performance.now()) > withoutMajorityMs) break;
    if (!isSaid) {
      const who = others === undefined ? 'a majority of the servers' : others.join(', ');
      log('info', `leaving the cluster: waiting up to ${leaveTimeoutMs / 1000} s for ${who} to take over`);
    }
    if (await own.isRemovedWithin(pollMs)) return log('info', `${hostname} has left the cluster`);
    if (own.process === undefined) await delay(pollMs);
  }
  const back = 'its data stays, and it comes back as the same member';
  log('warn', `stopping without having left the cluster, which may lack a majority now; ${back}`);
}

/** Undefined when nobody can tell. */
async function otherVolunteers(client: Client, hostname: string): Promise<string[] | undefined> {
  try {
    const { entries } = await client.list(VOLUNTEER_PREFIX, { timeoutMs: answerMs });
    const hostnames = entries.map(({ key }) => key.slice(VOLUNTEER_PREFIX.length));
    return hostnames.filter((other) => other !== hostname);
  } catch (error) {
    if (error instanceof WorldError) return undefined;
    throw error;
  }
}
