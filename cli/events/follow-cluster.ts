import { pause } from '../../base/abort.js';
import type { Notify } from '../../base/notify.js';
import type { ClientWorld } from '../../world/client-world.js';
import { WorldError } from '../../world/errors.js';
import { VOLUNTEER_PREFIX } from '../../world/keys.js';
import type { ReadCall } from '../deploy/read-deploys.js';
import { readCluster } from '../status/read-status.js';
import type { SeenCluster } from './kept-fleet.js';

/** etcd has no watch for its members, leader and alarms. This also notices when it does not answer any more. */
const INTERVAL_MS = 2_000;

/** After a sign that members change, they have changed this much later. */
const SETTLING_MS = 100;

/** The cluster as it is, at once and whenever it has changed; undefined while it does not answer. */
export async function* followCluster(
  world: ClientWorld,
  call: ReadCall,
  signs: Notify,
): AsyncGenerator<SeenCluster | undefined> {
  let last: string | undefined;
  while (!call.signal.aborted) {
    const seen = await seeCluster(world, call).catch(undefinedIfUnavailable);
    const now = seen === undefined ? 'silent' : identify(seen);
    if (now !== last) yield seen;
    last = now;
    await signs.wait(INTERVAL_MS, call.signal);
    await pause(SETTLING_MS, call.signal);
  }
}

export async function seeCluster(world: ClientWorld, call: ReadCall): Promise<SeenCluster> {
  const [{ members, ...cluster }, { entries: volunteers }] = await Promise.all([
    readCluster(world, call),
    world.client.list(VOLUNTEER_PREFIX, call),
  ]);
  return { members, cluster, volunteers };
}

/** What of it matters: the size of the database does not. */
function identify({ members, cluster: { leader, alarms }, volunteers }: SeenCluster): string {
  return JSON.stringify([
    members,
    leader,
    alarms,
    volunteers.map(({ key, value }) => [key, value.toString()]),
  ]);
}

function undefinedIfUnavailable(error: unknown): undefined {
  if (!(error instanceof WorldError) || error.code !== 'unavailable') throw error;
}
